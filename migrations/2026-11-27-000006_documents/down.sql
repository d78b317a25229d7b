DROP TABLE ledger_marks;
DROP TABLE forecasts;
DROP INDEX transfers_seller;
DROP INDEX invoices_buyer;
DROP INDEX invoices_seller;
