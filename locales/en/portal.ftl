# The shell, and words that every page shares.

skip = Skip to the page
gate-foot = A phone obeys its fleet’s keys. This server only carries the mail.
nav-main = Main
nav-quick = Quick
nav-overview = Overview
nav-approvals = Approvals
nav-waiting = waiting
nav-fleet = Fleet
nav-devices = Devices
nav-add = Add
nav-add-devices = Add devices
nav-commands = Commands
nav-trade = Trade
nav-subscriptions = Subscriptions
nav-invoices = Invoices
nav-payments = Payments
nav-forecast = Forecast
nav-plans = Plans
nav-buyers = Buyers
nav-who = Who
nav-organisations = Organisations
nav-people = People
nav-record = Record
nav-events = Events
nav-account = Account
nav-more = More
path = Path
account-of = { $name }, your account

palette-label = Find or do
palette-hint = Serial, IMEI, organisation, or what to do
palette-do = Do
palette-go = Go to
palette-command = Send a command…
search = Search
search-hint = Serial, IMEI, model or organisation

keys-title = Keyboard shortcuts
keys-search = Search or do anything
keys-help = This list
keys-move = Next, previous row
keys-select = Select the row
keys-open = Open the row
keys-filter = Filter the list
keys-add = Add a device
keys-go = Go to overview, devices, approvals
keys-close = Close
keys-on = Single keys are shortcuts in this browser
hint-move = move
hint-select = select
hint-open = open
hint-filter = filter
hint-all = all shortcuts

optional = (optional)
faults-title = Not saved. These fields need a look:
back = Back
save = Save
create = Create
copy = Copy
copied = Copied
previous = Previous
next = Next
pages = Pages
never = Never
live = Live
name = Name
state = State
when = When
since = Since
expires = Expires
shown-once = It is shown this once.
by-name = By name
open-one = Open { $serial }
and-more = and { $n } more
all-n = All { $n }
phone = Phone
phones-title = Phones
phones = { $n ->
    [one] 1 phone
   *[other] { $n } phones
}
enrolled = Enrolled
last-contact = Last contact
seal-of = Seal of the key of { $owner }
seal-missing = No signature yet

time-just-now = just now
time-ago = { $span } ago
time-in = in { $span }
time-minutes = { $n ->
    [one] 1 minute
   *[other] { $n } minutes
}
time-hours = { $n ->
    [one] 1 hour
   *[other] { $n } hours
}
time-hours-minutes = { $h } h { $m } min
time-days = { $n ->
    [one] 1 day
   *[other] { $n } days
}
time-today = Today
time-yesterday = Yesterday
time-left = { $span } left
time-exact = { $date }, { $time } UTC
time-date = { $day } { $month } { $year }
time-short-date = { $day } { $month }
time-weekday-date = { $weekday } { $day } { $month }
time-moment = { $date }, { $time }
time-month = { $n ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
time-month-short = { $n ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
}
time-weekday = { $n ->
    [1] Monday
    [2] Tuesday
    [3] Wednesday
    [4] Thursday
    [5] Friday
    [6] Saturday
   *[7] Sunday
}

done-password-changed = Your password was changed. Other browsers were signed out
done-theme-chosen = Saved
done-passkey-added = The passkey was added
done-passkey-removed = The passkey was removed
done-session-ended = That browser was signed out
done-member-disabled = The account was closed
done-token-revoked = The token was revoked
done-organisation-added = Created
done-command-sent = The command is on its way
done-command-cancelled = The command was cancelled
done-certificate-revoked = The certificate was revoked
done-device-changed = Saved
