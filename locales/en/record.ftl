# The record: one sentence per kind of event (the dots of its kind are dashes here), `-more` its second line.
# `$actor`, `$phone` and `$command` are always there; the other values are the event's own facts, `$because` is a
# phone's reason code in words.

events-words = What was done, by whom. Nothing here can be edited.
events-nothing = Nothing on the record matches.
filter-about = About
filter-weight = Weight
filter-one-phone = Phone
filter-one-command = Command
filter-words = Words
about-trouble = Trouble
about-major = Turns
about-phones = Phones
about-commands = Commands
about-people = People
about-keys = Keys
record-a-phone = a phone
record-a-command = A command
record-other = { $kind }, by { $actor }

event-organisation-added = { $actor } created <b>{ $name }</b>
event-member-added = { $actor } added <b>{ $name }</b> as { $role }
event-member-disabled = { $actor } closed the account of { $name }
event-member-signed-in = { $actor } signed in
event-member-signed-in-more = With the passkey “{ $passkey }”
event-member-signed-out = { $actor } signed out
event-member-refused = A sign-in as { $actor } was refused
event-member-held-off = Sign-ins as { $actor } are held off: too many tries
event-member-password-set = { $actor } set a new password
event-member-link-given = { $actor } made a password link for { $name }
event-passkey-added = { $actor } added the passkey <b>{ $label }</b>
event-passkey-added-more = { $synced ->
    [1] Its maker keeps copies of it
   *[0] It lies in one device
}
event-passkey-removed = { $actor } removed the passkey <b>{ $label }</b>
event-passkey-copied = The passkey <b>{ $label }</b> of { $actor } was refused: it may have been copied
event-passkey-copied-more = Its count of uses fell. Remove it and make a new one
event-session-ended = { $actor } signed another browser out
event-token-made = { $actor } made the API token <b>{ $name }</b> as { $role }
event-token-revoked = { $actor } revoked the API token <b>{ $name }</b>
event-device-registered = { $phone } registered by { $actor }
event-device-registered-more = { $model } for { $organisation }
event-device-changed = { $phone } changed by { $actor }
event-device-enrolled = { $phone } <b>enrolled</b>
event-device-enrolled-more = Enrolment { $epoch } · its screen shows: { $words }
event-device-renewed = Certificate of { $phone } renewed
event-device-renewed-more = The phone made a new key for it
event-device-revoked = Certificate of { $phone } <b>revoked</b> by { $actor }
event-device-silent = { $phone } fell silent
event-device-back = { $phone } is back
event-device-back-more = After { $hours } hours without contact
event-report-mended = { $phone } reported text that had to be cut or cleaned
event-report-mended-more = Changed: { $fields }
event-code-made = Enrolment code for { $phone } made by { $actor }
event-enrolment-refused = An enrolment as { $phone } was refused
event-enrolment-refused-more = { $why ->
    [code] The code was wrong, used or over
    [statement] Its statement did not verify: { $member }
   *[request] Its request for a certificate did not fit
}
event-enrolment-stated = { $phone } signed how it enrolled
event-enrolment-stated-more = { $pin ->
    [image] It knew its fleet from its image
    [manual] Somebody typed the fleet’s fingerprint into it
   *[tofu] It took the fleet it was shown, on first use
}
event-device-enrolment-doubled = Two live enrolments of { $phone }
event-device-enrolment-doubled-more = Compare the words on both screens; revoke the one that is not yours
event-certificate-alarm = The server’s own certificate could not be renewed
event-certificate-alarm-more = It ends { $ends }. { $why }
event-certificate-server-issued = The server’s own certificate was renewed
event-certificate-server-issued-more = It ends { $ends }
event-command-drafted = { $command } of { $count ->
    [one] one phone
   *[other] { $count } phones
} asked for by { $actor }
event-command-drafted-more = “{ $reason }”
event-command-approved = { $command } approved by <b>{ $actor }</b>
event-command-approved-more = { $signatures } of { $needed } signatures
event-command-approval-refused = A signature for { $command } was refused
event-command-approval-refused-more = Because { $because }
event-approval-counter-fell = The signature counter of a passkey <b>fell</b>
event-approval-counter-fell-more = It may have been copied. Ask its owner, and take it out of the keyring if in doubt
event-approving-passkey-added = { $actor } registered the passkey <b>{ $label }</b> for approving
event-approving-passkey-added-more = It counts once a keyring holds it. Its words: { $words }
event-approving-passkey-removed = { $actor } put the passkey <b>{ $label }</b> for approving out of use
event-command-reopened = { $command } needs new signatures: the keyring changed
event-command-queued = { $command } of { $count ->
    [one] one phone
   *[other] { $count } phones
} queued
event-command-accepted = { $command } accepted by { $phone }
event-command-done = { $command } <b>done</b> on { $phone }
event-command-done-more = Receipt verified
event-command-failed = { $command } <b>failed</b> on { $phone }
event-command-failed-more = The phone says: { $because }
event-command-refused = { $command } <b>refused</b> by { $phone }
event-command-refused-more = The phone says: { $because }
event-command-cancelled = { $command } cancelled by { $actor }
event-command-expired = { $command } expired
event-command-expired-more = { $count ->
    [one] One phone did not fetch it in time
   *[other] { $count } phones did not fetch it in time
}
event-receipt-rejected = A receipt from { $phone } was rejected
event-receipt-rejected-more = Because { $because }
event-receipt-stray = A receipt from { $phone } names a command this server does not know
event-receipt-gap = A receipt of { $phone } is missing
event-fleet-prepared = A fleet was prepared by { $actor }
event-fleet-adopted = A fleet was adopted by { $actor }
event-fleet-adopted-more = Fingerprint <span class="mono">{ $fingerprint }</span>
event-ca-trusted = Phones of a former server’s CA are <b>heard here</b>
event-ca-trusted-more = Fingerprint <span class="mono">{ $fingerprint }</span>
event-log-forked = { $phone } has seen two logs of its fleet
event-keyring-foreign = { $phone } obeys a keyring { $version } that this server <b>does not have</b>
event-keyring-stored = Keyring { $version } stored
event-keyring-ending = { $days ->
    [0] Keyring { $version } has <b>ended</b>
    [one] Keyring { $version } ends tomorrow
   *[other] Keyring { $version } ends in { $days } days
}
event-keyring-ending-more = Root signers sign the next one offline
event-policy-stored = Policy { $version } stored
event-policy-stored-more = { $noncompliance ->
    [suspend] A phone that does not meet it is warned, then suspends its own service
   *[report] A phone that does not meet it says so
}
event-fleet-keys-made = Fresh server keys for the fleet were made by { $actor }
event-fleet-keys-made-more = They count when the next keyring names them
event-renewal-began = The subscription of <b>{ $buyer }</b> to { $plan } began to renew
event-renewal-canceled = The subscription of <b>{ $buyer }</b> to { $plan } ended with its period, as was agreed
event-renewal-parked = The subscription of <b>{ $buyer }</b> to { $plan } could not be billed and was <b>set aside</b>
event-renewal-parked-more = { $because }
event-renewal-unparked = { $actor } took the subscription of <b>{ $buyer }</b> to { $plan } up again
event-renewal-all-unparked = { $actor } took { $count ->
    [one] one subscription that was set aside
   *[other] all { $count } subscriptions that were set aside
} up again
event-renewal-behind = Renewals are <b>behind</b>: something is due for { $hours ->
    [one] an hour
   *[other] { $hours } hours
} and was not billed
event-renewal-behind-more = Look at the log of the server, and at what the job “renewals” says
event-renewal-caught-up = Renewals have caught up: everything due is billed
event-log-restarted = The fleet’s log starts a <b>new tree</b>
event-log-restarted-more = { $origin } follows { $old_origin }, which ended at { $old_size } entries
event-subscription-reached = { $stage ->
    [past-due] A subscription is <b>past due</b>
    [grace] A subscription is about to be suspended: its last reminder went out
    [suspended] A subscription is <b>suspended</b>: it was not paid
    [terminated] A subscription has <b>ended</b>: it was not paid
   *[current] A subscription is <b>paid</b> again
}
event-service-not-ordered = Service of { $phone } could not be { $order ->
    [resume] switched on
   *[suspend] switched off
}
event-service-not-ordered-more = { $why ->
    [cannot-obey] The phone is not enrolled, or joined without the agent. It is tried again
    [fleet-not-adopted] Its fleet has no keyring yet. Bring it in; then it is tried again
    [nobody-approves] The fleet’s keyring lets nobody do this. Its root signers can change that; it is tried again
    [online-key] The fleet’s keyring does not let the server’s key do this. Its root signers can change that; it is tried again
   *[other] It is tried again
}
event-subscription-started = { $actor } sold { $buyer } the plan <b>{ $plan }</b>
event-subscription-started-more = From { $from } on
event-subscription-trial-began = The trial of { $plan } began
event-subscription-trial-began-more = It ends on { $until }
event-subscription-paused = { $actor } paused the subscription { $plan }
event-subscription-paused-more = What was paid for is served until { $until }
event-subscription-resumed = { $actor } resumed the subscription { $plan }
event-subscription-resumed-more = The next period begins on { $from }
event-subscription-canceling = { $actor } canceled the subscription { $plan } at the end of its period
event-subscription-canceling-more = It ends on { $on }
event-subscription-canceled = { $actor } <b>ended</b> the subscription { $plan }
event-subscription-canceled-more = { $credited } were credited
event-subscription-kept = { $actor } took back the cancellation of { $plan }
event-subscription-plan-changed = { $actor } changed the plan { $from } to <b>{ $plan }</b>
event-subscription-plan-chosen = { $actor } chose the plan { $plan } for the next period
event-subscription-moved = { $actor } put the subscription { $plan } on the phone { $to }
event-subscription-moved-more = It was on { $from }
event-payment-recorded = <b>{ $amount }</b> from { $buyer } booked by { $actor }
event-payment-recorded-more = { $doubtful ->
    [1] Looks like one that is there already: somebody should look at it
   *[0] Settled { $invoices } { $invoices ->
        [1] invoice
       *[other] invoices
    }
}
event-payment-looked-at = { $actor } looked at a flagged payment: it is right
event-payment-returned = { $amount } of { $buyer } <b>taken back</b> by { $actor }
event-payment-returned-more = { $note }
event-payment-refunded = { $actor } set { $amount } of { $buyer }’s credit aside to pay it back
event-payment-refunded-more = { $note }
event-payment-paid-back = { $amount } left the bank, noted by { $actor }
event-payment-written-off = { $actor } gave up <b>{ $amount }</b> of { $buyer } on { $number }
event-payment-written-off-more = { $note }
event-credit-used = { $actor } used { $amount } of { $buyer }’s credit on { $number }
event-invoice-credited = { $actor } credited { $number } of { $buyer } with <b>{ $note_number }</b>
event-invoice-credited-more = { $amount }
event-statement-imported = { $actor } read in a bank statement of { $iban }
event-statement-imported-more = { $new } new, { $booked } booked, { $waiting } waiting
event-entry-ignored = { $actor } set a bank entry of { $amount } aside
event-provider-secret-made = { $actor } made a secret for the payment provider
event-provider-secret-ended = { $actor } ended a secret of the payment provider
event-books-differ = The books <b>do not add up</b>: { $check }, { $subject }
event-books-differ-more = One side says { $expected }, the other { $found }
event-books-agree = The books add up again
