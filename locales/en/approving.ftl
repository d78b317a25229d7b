# Passkeys that approve commands: the member's own, and the pages of the approvals host.

approving-title = Passkeys for approving
approving-add = Add one
approving-none = None yet. With one you approve messages and unlocks in this browser, and can be the second person of a wipe.
approving-waits = Waits for the keyring. Give its registration file to your root signers and read them these words.
approving-held = In keyring { $version } of { $organisation }.
approving-held-alone = May approve alone: { $kinds }.
approving-held-beside = Beside others: { $kinds }.
approving-left = The newest keyring no longer holds it. It approves nothing.
approving-removed = Out of use.
approving-removed-held = A keyring still holds it: ask your root signers to take it out.
approving-words = Say to your root signers:
approving-made = Made { $time }
approving-synced = copied between devices
approving-bound = stays on its device
approving-file = Registration file
approving-remove = Put out of use
approving-next = The root signers take the file into the next keyring and compare the words with you, by voice: a hacked server could show them another key.
approving-new = New passkey for approving
approving-new-words = It signs commands, and never signs you in. It counts once your root signers have taken it into the keyring.
approving-label = Name of the passkey
approving-label-help = So that you tell it from others, such as “Blue key”
error-label = Give it a name of 1 to 60 characters that can be seen.
approving-person = Is a key of yours in a keyring already?
approving-person-help = One person counts once, however many keys they hold
error-person = Nobody of your keyrings is called so any more. Choose again.
approving-person-new = No, not yet
approving-person-known = Yes: { $words } ({ $organisation })
approving-own-fleet = your fleet
approving-go = Go on
approving-go-words = You go on at { $host }, a host of its own, where only approvals happen.
approving-what = What it can do
approving-what-words = Messages, unlocks, resumes and cancels, as your keyring grants them, and the second signature of a wipe. Never enough for a lock-out, a kill, a wipe, a transfer or a release: this server draws the page you sign on, so phones ask for another key too.
approving-off = Approving with passkeys is not set up
approving-off-words = This server has no approvals host yet. Whoever runs it sets its address, a host beside the portal’s:

approving-withdrawn = Nothing was signed. The passkey was not used, or it took too long. Try again.
passkey-failed = The browser could not use the passkey here. Nothing was signed. Try again, or take another browser.
passkey-known = This authenticator holds a passkey of yours for approving already. Use another one.
passkey-unsupported = This browser has no passkeys. Open this page in another one.
passkey-script = A passkey needs scripts, which are switched off here. Switch them on for this host, or sign with muster approve.

approvals-host = { $host }
register-words = Your browser asks you to touch a security key, or for your fingerprint, face or PIN. Afterwards it signs once, as a trial.
register-for = For
register-go = Make the passkey
register-steps = First it is made, then it is tried. You come back to your account by yourself.
trial-title = Try the passkey
trial-words = It signs its own registration, as it will sign commands. What phones would not believe is refused here.
trial-synced = This passkey is copied between your devices. A keyring takes it, but never counts it as independent.
trial-go = Sign the trial

sign-title = Approve this command
sign-as = { $name } signs
sign-keyring = Keyring
sign-go = Approve with your passkey
sign-independent = { $n ->
    [one] one with an independent key
   *[other] { $n } with independent keys
}
approving-after = { $n ->
    [0] Your signature is the last one: the command goes out at once.
    [one] After yours, one more person has to sign.
   *[other] After yours, { $n } more people have to sign.
}
sign-why = This server draws this page. For what cannot be undone, phones therefore ask for a key that signs elsewhere as well.
argument-text = Text

by-passkey = Approve with your passkey
by-passkey-words = Opens the page where your passkey signs.
by-passkey-beside = Your passkey can be one of the signatures. At least one other must come from muster approve.
by-passkey-never-enough = A passkey of this portal never counts for this kind, since this server draws the page. Sign it at your own desk:
by-passkey-no-passkey = You have no passkey for approving.
by-passkey-add = Add one
by-passkey-not-granted = The newest keyring lets none of your passkeys sign this.
by-passkey-signed = You have signed this command.
by-passkey-not-set-up = Approving with passkeys is not set up on this server:
approvals-passkey = Messages, unlocks, resumes and cancels can be approved here with a passkey that your keyring holds. Lock-outs, kills, wipes, transfers and releases also need muster approve --serve, on a page that your own machine draws.

problem-ceremony-ended = This page is over
done-approving-passkey-added = The passkey is registered. Now it waits for the keyring.
done-approving-passkey-removed = The passkey is out of use
done-command-signed = Signed. Others still have to sign
done-command-sealed = Signed. The command is on its way
