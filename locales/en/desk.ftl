# The approver's desk: pages that the approver's own program draws on the approver's own machine.

desk-name = Approver’s desk
desk-drawn = Drawn by your own program, not by the portal
desk-nav = Desk
desk-inbox = Inbox
desk-keys = Your keys
desk-fleet = the fleet
desk-pinned = Pinned to
desk-owner = Whose desk
desk-asks = Asks the portal at
desk-foot = Everything on these pages was checked against your own pin before it was shown. The portal carries the mail and is believed in nothing.

desk-inbox-title = What waits for signatures
desk-inbox-words = Each command was checked here: its fleet, its keyring, every phone, every signature.
desk-waiting = Waiting
desk-live = Looks every 15 seconds
desk-yours-count = { $n ->
    [0] Nothing waits for your signature.
    [one] 1 command waits for your signature.
   *[other] { $n } commands wait for your signature.
}
desk-silent = The portal could not be asked
desk-nothing = Nothing waits for a signature.
desk-ends = Ends
desk-number = Number
desk-read = Read and sign
desk-look = Look at it
desk-you-signed = You signed
desk-over = Its time is over
desk-suspect = This command does not check out
desk-called = The portal calls it “{ $called }”
desk-no-signing = It cannot be signed here
desk-away = The portal lists this command and does not hand it over
desk-older = Older ones
desk-reload = Reload this page to look again.
desk-policies = Policies are not shown here: they are signed with muster policy sign.

desk-progress-none = Nobody has signed.
desk-progress-some = { $signed ->
    [one] 1 of { $needed } people has signed.
   *[other] { $signed } of { $needed } people have signed.
}
desk-progress-enough = { $signed ->
    [one] One person has signed, and that is enough.
   *[other] { $signed } people have signed, and that is enough.
}
desk-progress-independent = { $n ->
    [one] An independent key is still needed.
   *[other] { $n } independent keys are still needed.
}
desk-you = You, { $name }
desk-key-of = Key { $key }
desk-signed-independent = Signed on a screen of their own
desk-signed-portal = Signed on a page of the portal
desk-void = { $n ->
    [one] The portal shows one more signature, which does not verify or does not count. It was left out.
   *[other] The portal shows { $n } more signatures, which do not verify or do not count. They were left out.
}
desk-apart = { $n ->
    [one] One of these signatures counts by another grant of the keyring than the rest. Grants are never added together.
   *[other] { $n } of these signatures count by another grant of the keyring than the rest. Grants are never added together.
}

desk-sealed = Signed. Enough people have agreed
desk-sealed-words = The command is on its way. Each phone checks every signature again and decides by itself.
desk-stands = Signed. Your signature stands
desk-swallowed = Signed, and the portal does not show it
desk-swallowed-words = The portal said that it took your signature, and leaves it out of what it shows. Look again; if it stays away, tell your root signers.
desk-not-signed = Not signed
desk-typed-differs = What was typed differs from { $wanted }. Read the phone’s serial number, or count the phones, and type that.
desk-changed = The portal now shows something else than what you read. Read it again before you sign.
desk-key-unknown = This desk holds no such key.
desk-refused = The portal did not take the signature: { $why }
desk-assertion-wrong = The passkey’s signature does not verify ({ $code }). Nothing was handed in.
desk-signature-missing = The passkey did not sign. It needs script in this browser; a key file does not.
desk-phones-part = Phones { $first } to { $last } of { $n }
desk-phones-all = Every one of them was checked.
desk-lifts = Takes back
desk-message = Text on the phone
desk-notice = Sentence
desk-number-named = Number named
desk-date-named = Date named
desk-lifts-count = { $n ->
    [one] 1 command
   *[other] { $n } commands
}
desk-drafted = Drafted
desk-not-before = Not before
desk-ends-at = Ends
desk-leave = Leave it
desk-sign-file = Sign with key file { $label }
desk-sign-passkey = Sign with passkey { $label }
desk-no-script = Passkeys need script in this browser. Key files work without.
desk-waits = You have signed. Somebody else must sign before it goes out.
desk-enough = Enough people have signed. There is nothing left to do here.
desk-over-words = Its time is over: no phone would carry it out. Draft it anew.
desk-not-independent = What is still needed is an independent key, and none of this desk is one.
desk-not-yours = No key of this desk may sign this.

desk-checked = Checked here
desk-checked-fleet = It is of the fleet you are pinned to
desk-checked-keyring = Keyring { $version } follows from your pin
desk-checked-keyring-words = It is not older than any you have seen. Valid until
desk-checked-phones = { $n ->
    [one] The phone above is the one that would be signed for
   *[other] The { $n } phones are those that would be signed for
}
desk-checked-phones-words = The list was computed again from every serial number.
desk-checked-signatures = Every signature shown was verified
desk-demands = What the keyring demands
desk-people = People
desk-independent = With an independent key
desk-clearances = Witnesses that clear it
desk-demands-words = The phone asks for the same and counts for itself.

desk-suspect-words = What the portal shows does not fit together, or does not fit your pin.
desk-suspect-next = Do not sign it elsewhere either. Tell your root signers what stands here, and keep the number.

desk-keys-words = Keys that sign on this desk. Their secret parts stay in their files and authenticators.
desk-keys-own = On this desk
desk-keys-none = No key yet. Make a passkey below, or start the desk with your key file.
desk-key-file = key file
desk-key-passkey = passkey
desk-standing-unknown = Nothing of the fleet was checked since the desk was started, so its keyring is not known here.
desk-standing-missing = Waits for the root signers: keyring { $version } does not hold it.
desk-standing-idle = Keyring { $version } holds it and lets it approve nothing.
desk-standing-held = Keyring { $version } lets it approve:
desk-new = A new passkey
desk-new-words = It is made for this desk alone. Because your own program draws what you see before you sign, it can count as independent, unless it is copied between devices.
desk-new-label = What to call it
desk-new-label-help = Your name for it, such as the colour of the key
desk-challenge = Challenge of the ceremony
desk-challenge-help = 64 hexadecimal characters or 32 words that a root signer gave you, by voice or on paper and never through the portal
desk-challenge-wrong = This is no challenge. Type the 64 hexadecimal characters or the 32 words that a root signer drew for you with muster keyring challenge.
desk-label-wrong = Give it a name of 1 to 60 characters.
desk-new-go = Make a passkey
desk-how = How a passkey comes to count
desk-how-challenge = A root signer gives you a challenge
desk-how-challenge-words = Drawn at the ceremony, for you. Without it the passkey never enters a keyring.
desk-how-make = You make it here
desk-how-make-words = And it signs once, as a trial that phones’ own rules judge.
desk-how-tell = You tell the root signers
desk-how-tell-words = Read them the words of the key and the model of the authenticator.
desk-how-root = They sign it into the keyring
desk-how-root-words = Until then no phone knows it.
desk-make = Make a passkey
desk-make-words = Two touches: the first makes the passkey, the second signs with it once.
desk-make-say = The authenticator makes a new passkey, “{ $label }”, for this desk and no other page.
desk-try-say = “{ $label }” was made. Now it signs once, over everything that its registration says.
desk-challenge-chosen = Challenge, as the root signers gave it
desk-not-made = Not registered
desk-make-go = Make it
desk-make-trial = Sign once
desk-ceremony-over = This took too long, or the desk was started anew. Begin again from your keys.
desk-registration-wrong = The passkey cannot be used: { $why }. Try another authenticator.
desk-passkey-withdrawn = The passkey was not used. Try again when you are ready.
desk-passkey-failed = The browser could not use the passkey. Try again, or use another browser.
desk-passkey-unsupported = This browser has no passkeys. Use another one, or a key file.
desk-aloud = Read these words to the root signers
desk-aaguid = Model of the authenticator
desk-aaguid-none = It does not say
desk-key-id = Key id
desk-origin = Signs on
desk-trial-over = Challenge of the trial
desk-synced = This passkey may be copied between devices, so it never counts as independent. A security key that stays in your hands does.
desk-file = Its registration lies on this machine. It holds nothing secret:
desk-save-file = Save a copy
desk-then = What happens next
desk-then-carry = Carry the registration to the ceremony
desk-then-carry-words = The file, and the words by voice.
desk-then-draft = The next keyring is drafted with it
desk-then-sign = Root signers compare and sign
desk-then-sign-words = They see the same words, and that it is independent.

desk-shut = This desk is shut to you
desk-shut-words = Open the address that muster approve --serve printed when it started. It opens once; for a new one, stop the program and start it again.
desk-nowhere = There is no such page on this desk.
desk-no-command = This is no number of a command.
desk-other-site = Another site sent this form. Nothing was signed.
desk-kind-policy = Policies
desk-kind-unknown = This version of the program has no words for this kind of command. Take a newer one before you sign.
