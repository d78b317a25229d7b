# Overview, devices, one device.

add-a-device = Add a device
all-devices = All devices
all-events = All events
devices-none = No device yet. Add the first one; it takes two minutes.

need-title = Needs you
need-count = { $n ->
    [one] 1 thing
   *[other] { $n } things, nearest deadline first
}
need-nothing = Nothing waits. Every phone that should answer does.
need-review = Review
need-see-phones = See phones
need-see-commands = See commands
need-approval = { $n ->
    [one] <b>{ $kind }</b> of one phone waits for { $missing ->
        [one] one signature
       *[other] { $missing } signatures
    }
   *[other] <b>{ $kind }</b> of { $n } phones waits for { $missing ->
        [one] one signature
       *[other] { $missing } signatures
    }
}
need-approval-more = { $organisation } · expires { $expires }
need-silent = { $n ->
    [one] <b>One phone fell silent</b>
   *[other] <b>{ $n } phones fell silent</b>
}
need-silent-more = { $n ->
    [one] The longest for a day. It may be off, abroad or broken
   *[other] The longest for { $n } days. They may be off, abroad or broken
}
need-certificates = { $n ->
    [one] <b>One certificate</b> is late to renew
   *[other] <b>{ $n } certificates</b> are late to renew
}
need-certificates-more = The first ends on { $date }. A phone renews by itself when it is on a network
need-refusals = { $n ->
    [one] <b>One command</b> was refused or failed this week
   *[other] <b>{ $n } commands</b> were refused or failed this week
}
need-refusals-more = The phone says why
need-keyring = { $n ->
    [0] <b>A keyring has ended</b>
    [one] <b>A keyring</b> ends tomorrow
   *[other] <b>A keyring</b> ends in { $n } days
}
need-keyring-more = { $organisation } · root signers draft and sign the next one offline: muster keyring draft
need-see-keys = See the record
need-waiting = { $n ->
    [one] <b>One phone</b> is not enrolled yet
   *[other] <b>{ $n } phones</b> are not enrolled yet
}
need-waiting-more = A code works for a day. Make a new one where it ended

roll-title = Roll call
roll-sub = { $each ->
    [one] { $n ->
        [one] one phone
       *[other] { $n } phones, one tick each
    }
   *[other] { $n } phones, a tick for each { $each }
}
roll-answering = answering
roll-silent = silent over 24 h
roll-locked = locked
roll-suspended = suspended
roll-waiting = not yet enrolled
tiles = Key figures
tile-enrolled = Enrolled phones
tile-enrolled-more = { $n ->
    [0] As many as 30 days ago
    [one] One more than 30 days ago
   *[other] { $n } more than 30 days ago
}
tile-answered = Answered in 24 h
tile-answered-more = { $n } of { $of } phones
tile-patched = On the newest patch
tile-patched-more = { $n ->
    [0] No phone is behind
    [one] One phone is behind
   *[other] { $n } phones are behind
}
tile-under-way = Commands under way
tile-under-way-more = { $n ->
    [one] One done this week
   *[other] { $n } done this week
}
per-day-title = Phones that checked in, per day
plot-as-table = The same as a table
plot-roll-call = Roll call of { $total } phones: { $answering } answering, { $silent } silent, { $locked } locked, { $suspended } suspended, { $waiting } not yet enrolled
plot-contact = Contact over the last days in four-hour steps: { $gap }
plot-fortnight = { $n ->
    [one] Contact on 1 of the last 14 days
   *[other] Contact on { $n } of the last 14 days
}
plot-check-ins = Phones that checked in per day over { $days } days, from { $first } to { $last } of { $enrolled } enrolled
plot-enrolled = { $n } enrolled
plot-answered = { $n } answered
day = Day
checked-in = Checked in

devices-count = { $n ->
    [one] 1 phone
   *[other] { $n } phones
}
devices-matching = { $n } of { $total } phones match
devices-nothing = No phone matches. Try fewer letters, or take a filter away.
devices-search = Search devices
views = Views
view-all = All
view-silent = Silent
view-locked = Locked
view-waiting = Not yet enrolled
filter-state = State
filter-contact = Contact
filter-organisation = Organisation
filter-remove = Take this filter away
filter-all = Show all
filter-open = Under way
contact-fresh = Within 24 h
contact-silent = Silent
contact-never = Never
column-serial = Serial and model
column-days = 14 days
column-system = System and patch
select-page = Select all on this page
select-one = Select { $serial }
select-none = Clear the selection
selected = { $n } selected
selected-many = { $count } selected
selected-some = Selected phones
bulk-label = With the selected devices
bulk-of = of { $n }
rows-here = { $n ->
    [one] 1 phone on this page
   *[other] { $n } phones on this page
}
more-commands = More commands
search-nothing = Nothing found for “{ $q }”. A serial number’s first letters are enough.

device-active = Active
device-not-enrolled = Not yet enrolled
device-silent = { $n ->
    [one] Silent for a day
   *[other] Silent { $n } days
}
device-never-answered = Never answered
device-locked = Locked
device-suspended = Suspended
device-killed = Killed
device-wiped = Wiped
device-retired = Retired
device-on-hold = On hold

health-title = Health
health-sub = { $pass } of { $all } checks pass
health-none = The phone is enrolled and did not check in yet.
health-not-enrolled = No phone has joined under this serial number. Make a code and scan it on the phone.
check-answers = Answers
check-answers-more = Last contact { $ago }
check-silent = Does not answer
check-silent-more = Last contact { $ago }. It may be off, abroad or broken
check-system = System is current
check-system-old = System is behind
check-system-more = { $os }, patch level { $patch }
check-encrypted = Storage is encrypted
check-not-encrypted = Storage is not encrypted
check-storage-more = { $free } of { $total } GB free · battery { $battery } %
check-certificate = Certificate renews itself
check-certificate-late = Certificate is late to renew
check-certificate-more = Renewal due { $due }, ends { $end }
check-policy = Meets its policy
check-policy-more = Policy { $n }, by its own judgement
check-policy-not = Does not meet its policy
check-policy-suspended = Does not meet its policy, and has switched its service off
check-policy-not-more = { $faults }, since { $since }
fault-os-patch = its patch level is too old
fault-encryption = its storage is not encrypted
fault-agent = its agent is too old
fault-unnamed = it does not say what it lacks
check-freshness-fresh = Its view of the record is fresh
check-freshness-fresh-more = Witnesses vouch for what it is shown
check-freshness-stale = Its view of the record is stale
check-freshness-stale-more = It gets answers, and no fresh checkpoint. Somebody may withhold the record from it
check-freshness-contact-lost = It had lost contact
check-freshness-contact-lost-more = Until this check-in it got no valid answer for the days its policy gives
check-freshness-forked = It was shown two logs
check-freshness-forked-more = Two signed views of the record cannot both be true. Look into it now
check-freshness-unwitnessed = Its record has no witnesses
check-freshness-unwitnessed-more = The fleet’s keyring asks for none
holds-title = Legal hold
holds-words = The phone itself refuses kill, wipe and transfer while it stands.
holds-none = None stands.
holds-unknown = The phone reports a hold that this server has no record of.
holds-not-reported = The phone does not report it yet.
hold-ask = Ask for a hold…
release-ask = Ask for its release…
check-record = Sees the record
check-record-behind = Sees the record, not yet its newest entries
check-record-more = Its newest checkpoint { $phone }, the server’s { $server }
contact-title = Contact, { $n } days
contact-no-gap = no gap over 12 h
contact-gap = longest gap { $n } h
device-no-commands = No command was sent to this phone.
timeline-title = Timeline
timeline-all = Everything about it
latest-title = Latest on the record
latest-none = Nothing on the record yet.
fact-organisation = Organisation
fact-imei = IMEI
fact-model = Model
fact-agent = Agent
fact-system = System
fact-patch = Patch level
fact-battery = Battery
fact-uptime = Running for
fact-registered = Registered
fact-enrolled = Enrolled
fact-epoch = epoch { $n }
fact-pin = Trust came by
fact-words = Its words
fact-key = Device key
fact-ends = Ends
fact-serial = Serial
pin-image = the vendor’s image
pin-manual = a card or by hand
pin-tofu = first use
enrolment-title = Enrolment
not-enrolled-words = The phone makes its own keys when it joins. They never leave it.
re-enrol = Enrol again…
re-enrol-words = For a phone that was reset. It gets a new key; commands for the old one are void. Holds and locks stay.
certificate-title = Certificate
certificate-valid = Valid, { $left } left
certificate-ended = Ended
certificate-revoked = Revoked
revoke = Revoke…
revoke-words = The phone can no longer connect, from its next request on. Nothing on it is erased; to let it in again, enrol it again.
revoke-go = Revoke the certificate
ladder-title = How far a command reaches
ladder-locked = Locked now
