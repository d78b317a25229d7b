# Commands: what each does, how it is undone, who has to agree; sending, approving, following one.

kind-notice = Notice
kind-notice-does = Shows one of the agent’s own sentences, marked “from the service”.
kind-notice-undo = It goes away when it is read.
kind-notice-sign = { $n ->
    [one] Show a notice on { $phones }.
   *[other] Show a notice on <b>{ $n } phones</b>.
}
kind-message = Message
kind-message-does = Shows your text, marked with who signed it.
kind-message-undo = It goes away when it is read.
kind-message-sign = { $n ->
    [one] Show a message on { $phones }.
   *[other] Show a message on <b>{ $n } phones</b>.
}
kind-refresh = Refresh
kind-refresh-does = The phone sends its full status.
kind-refresh-undo = There is nothing to undo.
kind-refresh-sign = { $n ->
    [one] Ask { $phones } for a full status.
   *[other] Ask <b>{ $n } phones</b> for full statuses.
}
kind-rotate-key = Renew key
kind-rotate-key-does = The phone makes a new connection key and gets a new certificate.
kind-rotate-key-undo = There is nothing to undo.
kind-rotate-key-sign = { $n ->
    [one] Have { $phones } renew its connection key.
   *[other] Have <b>{ $n } phones</b> renew their connection keys.
}
kind-lock = Lock
kind-lock-does = The screen closes until its owner opens it with the owner’s own code. Nothing is lost.
kind-lock-undo = Its owner opens it.
kind-lock-sign = { $n ->
    [one] Lock the screen of { $phones }.
   *[other] Lock the screens of <b>{ $n } phones</b>.
}
kind-lock-fleet = Lock out
kind-lock-fleet-does = The phone closes for its owner too, until you unlock it or the time is over. Nothing is lost.
kind-lock-fleet-undo = You unlock it.
kind-lock-fleet-sign = { $n ->
    [one] Lock { $phones } for everybody, its owner too.
   *[other] Lock <b>{ $n } phones</b> for everybody, their owners too.
}
kind-unlock = Unlock
kind-unlock-does = Lifts the fleet’s lock. It never opens the owner’s own lock.
kind-unlock-undo = You can lock it again.
kind-unlock-sign = { $n ->
    [one] Lift the fleet’s lock of { $phones }.
   *[other] Lift the fleet’s lock of <b>{ $n } phones</b>.
}
kind-suspend = Suspend
kind-suspend-does = The fleet’s service goes off. Calls, network and the owner’s data stay.
kind-suspend-undo = You resume it.
kind-suspend-sign = { $n ->
    [one] Turn the service of { $phones } off.
   *[other] Turn the service of <b>{ $n } phones</b> off.
}
kind-resume = Resume
kind-resume-does = The fleet’s service comes back.
kind-resume-undo = You can suspend it again.
kind-resume-sign = { $n ->
    [one] Turn the service of { $phones } on again.
   *[other] Turn the service of <b>{ $n } phones</b> on again.
}
kind-cancel = Cancel
kind-cancel-does = The named commands are dead, if no phone accepted them yet.
kind-cancel-undo = Send the command anew.
kind-cancel-sign = { $n ->
    [one] Cancel commands for { $phones }.
   *[other] Cancel commands for <b>{ $n } phones</b>.
}
kind-hold = Hold
kind-hold-does = The phone itself refuses kill, wipe and transfer until the hold ends. It goes on working, and nothing on it is removed.
kind-hold-undo = An auditor releases it.
kind-hold-sign = { $n ->
    [one] Put { $phones } under legal hold.
   *[other] Put <b>{ $n } phones</b> under legal hold.
}
kind-release = Release
kind-release-does = The legal holds that stand on the phone end. What was refused while they stood stays refused.
kind-release-undo = An auditor can set a new hold.
kind-release-sign = { $n ->
    [one] End the legal holds on { $phones }.
   *[other] End the legal holds on <b>{ $n } phones</b>.
}
kind-transfer = Transfer
kind-transfer-does = The phone leaves for the fleet you name: it drops its credentials and the service data, keeps its owner’s data, and joins with a code of that fleet.
kind-transfer-undo = It cannot be undone from here.
kind-transfer-sign = { $n ->
    [one] Hand { $phones } over to another fleet.
   *[other] Hand <b>{ $n } phones</b> over to another fleet.
}
kind-kill = Kill
kind-kill-does = The phone destroys its credentials and the fleet’s service data, and its certificate is revoked. The owner’s own data stays.
kind-kill-undo = It cannot be undone.
kind-kill-sign = { $n ->
    [one] Remove { $phones } from the fleet for good.
   *[other] Remove <b>{ $n } phones</b> from the fleet for good.
}
kind-wipe = Wipe
kind-wipe-does = All user data is erased, then the phone leaves the fleet. An interrupted wipe goes on at the next start.
kind-wipe-undo = Nothing can be brought back.
kind-wipe-sign = { $n ->
    [one] Erase all user data on { $phones }, then remove it from the fleet.
   *[other] Erase all user data on <b>{ $n } phones</b>, then remove them from the fleet.
}

agree-online = The server’s own key is enough.
agree-online-or-one = The server’s own key is enough for up to 35 days.
agree-one = One approver has to sign.
agree-independent = One approver has to sign with muster approve, on a screen that this server does not draw.
agree-auditor = An auditor has to sign.
agree-auditor-independent = An auditor has to sign with muster approve, on a screen that this server does not draw.
agree-two = Two people have to sign, at least one of them with muster approve.
agree-title = Who has to agree
phone-checks = The phone checks every signature itself. It will not obey this server alone.

command-draft = Draft
command-awaiting-approval = Awaiting approval
command-queued = Queued
command-delivered = Delivered
command-deferred = Deferred
command-accepted = Accepted
command-done = Done
command-refused = Refused
command-failed = Failed
command-cancelled = Cancelled
command-expired = Expired

command = Command
command-title = { $n ->
    [one] { $kind } one phone
   *[other] { $kind } { $n } phones
}
commands-words = Everything that phones were asked to do, and what they answered.
commands-none = No command yet. Choose the phones it is for.
commands-nothing = No command matches these filters.
asked-by = Asked by
asked-by-name = Asked by { $name }
done-of = { $done } of { $phones } done
signed-of = { $signed } of { $needed } signed
choose-phones = Choose phones
filter-kind = Kind

send-title = Send a command
send-title-kind = { $n ->
    [one] { $kind } one phone
   *[other] { $kind } { $n } phones
}
send-words = Mildest first. Each says what it does, how it is undone and who has to agree.
send-kinds = What should happen
send-for = For
send-no-phone = No phone is chosen.
send-other = Something else instead
send-go = Send: { $kind }
send-ask = Ask for: { $kind }
send-agreement = { $people ->
    [one] { $independent ->
        [0] One approver has to sign before it goes.
       *[other] One approver has to sign with muster approve before it goes.
    }
   *[other] { $independent ->
        [0] { $people } people have to sign before it goes.
       *[other] { $people } people have to sign before it goes, at least { $independent } of them with muster approve.
    }
}
left-out = Left out
left-out-not-enrolled = Not enrolled: there is no phone to command yet.
reason = Reason
reason-help = Approvers and the phone’s owner read it. It stays on the record
error-reason-empty = Say why, in a few words.
message-text = Text
message-help = At most 500 characters, no links needed: the phone shows plain text
error-message-empty = Write what the phone should show.
notice-which = Sentence
notice-help = The phone shows it in its own language
days-label = For how many days at most
days-help = After that it lifts by itself
case-label = Case
case-help = As the court or the firm numbers it: letters, digits, dots, dashes and underscores
error-case = A case has 1 to 64 letters, digits, dots, dashes or underscores, and no spaces.
fingerprint-label = Fingerprint of the other fleet
fingerprint-help = From the card of the fleet that takes the phone over. The phone joins no other
error-fingerprint = This is not a fingerprint. It has 64 hexadecimal characters; spaces do not matter.
send-held = { $n ->
    [one] A legal hold stands. The phone will refuse this.
   *[other] A legal hold stands on { $n } of these phones. They will refuse this.
}
type-serial = To go on, type the serial
type-count = To go on, type the number of phones
type-help = Spaces, dashes and capitals do not matter. Pasting is fine.
type-match = It matches.
type-differ = It does not match yet.
error-typed-serial = This is not { $serial }. Read it off the phone or its box.

approvals-words = Commands that go only when people sign them with their own keys.
approvals-waiting = Waiting
approvals-order = nearest deadline first
approvals-none = Nothing waits for a signature.
approve-where = Where you sign
approve-how = Sign it on your own machine:
approve-key = your-key-file
approve-why = A hacked portal could show you one thing and let you sign another. muster approve checks the command against your fleet’s own keys, shows it in plain words and asks.
signed-independent = Signed with muster approve
signed-portal = Signed with a passkey
signed-online = Signed by the server’s own key, which is enough for this kind.
seal-missing-any = An approver of this fleet can give it.
seal-missing-other = It must come from someone else.

stage = Stage
stage-drafted = Drafted
stage-drafted-by = { $time } by { $name }
stage-approval = Approved
stage-signed = Signed
stage-queued = Queued
stage-delivered = Delivered
stage-accepted = Accepted
stage-done = Done
progress-whole = Progress of the command
progress-title = Progress per phone
progress-said = The command is: { $state }. Phones: { $phones }.
progress-hidden = { $n ->
    [one] One phone that is done is not listed.
   *[other] { $n } phones that are done are not listed.
}
receipt = Receipt
receipt-none = None yet
receipt-verified = Verified
late = came late
envelope = Envelope
cancel-command = Cancel the command
signed-cancel-title = The phones do not know of this cancel
signed-cancel-words = { $n ->
    [one] One phone may have the command already.
   *[other] { $n } phones may have the command already.
} It is out of our queue, but a phone stops it only for a cancel that an approver signed.
signed-cancel-draft = Ask for a signed cancel
signed-cancel-drafted = The signed cancel that was asked for
argument-until = Until
argument-case = Case
argument-fingerprint = To the fleet
cool-off-words = Kept back until { $until }, so that somebody can still stop it.
fact-keyring = Keyring, at least
fact-digest = Fingerprint of what is signed

steps-title = What happens
step-sign = Approvers sign
step-sign-words = Each with their own key. Every signature goes on the record.
step-cool-off = It is kept back
step-cool-off-words = Until { $until }: so many phones at once give everybody time to stop it.
step-fetch = The phone fetches the command
step-fetch-words = At its next contact. It verifies, then answers “accepted”.
step-act = It does what was asked
step-act-words = Once, even if it is interrupted.
step-erase = It erases itself
step-erase-words = Less than a minute. An interrupted wipe goes on at start.
step-kill = It destroys its credentials
step-kill-words = The fleet’s service data goes too; the owner’s own data stays.
step-receipt = It answers “done”
step-receipt-words = With a receipt that only this phone could sign.
