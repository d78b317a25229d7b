# Letters: what leaves by mail. Plain words, one thing to do, and what to make of it when nobody asked for it.

mail-hello = Hello { $name },
mail-link-once = The link works once, until { $expires }.

mail-invitation-subject = Your Muster account at { $organisation }
mail-invitation-words = { $actor } added you to { $organisation } in Muster.
mail-invitation-do = Open this link to choose your password and sign in:
mail-invitation-unasked = If you do not know why you got this letter, leave the link alone. Without it nobody can sign in as you.

mail-reset-subject = A new password for your Muster account at { $organisation }
mail-reset-words = { $actor } made a link with which you can set a new password for { $email }.
mail-reset-do = Open this link to set it:
mail-reset-unasked = If you did not ask for this, leave the link alone and tell whoever runs Muster for you. Your present password goes on working.

mail-keyring-subject = { $n ->
    [0] Your fleet’s keyring has ended
    [one] Your fleet’s keyring ends tomorrow
   *[other] Your fleet’s keyring ends in { $n } days
}
mail-keyring-words = Keyring { $version } of your fleet ends on { $ends }.
mail-keyring-ended = Keyring { $version } of your fleet has ended, on { $ends }.
mail-keyring-harm = Without a new one phones go on working and can be unlocked and resumed, but none can be locked out, suspended, killed or wiped.
mail-keyring-do = On your offline machine, draft the next one, have your root signers sign it, and bring it to the server:
