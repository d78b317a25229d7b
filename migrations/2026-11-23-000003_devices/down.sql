DROP TABLE crls;
DROP TABLE certificates;
DROP TABLE enrolments;
DROP TABLE enrolment_codes;
DROP TABLE device_days;
DROP TABLE device_state;
DROP TABLE devices;
