# Sign in, members, sessions, tokens.

sign-in = Sign in
sign-out = Sign out
sign-in-wrong = That address and password do not go together. Try again, or ask an admin for a new link.
sign-in-lost = No password any more? An admin of your organisation can make you a link for a new one.
email = E-mail address
password = Password
password-help = At least 12 characters. A few words in a row are easier to keep than signs.
password-current = Present password
password-new = New password
password-title = Choose your password
password-for = For { $email }.
password-go = Save and sign in
password-once = This link works once. Afterwards you sign in with your e-mail address and this password.
change-password = Change the password
your-name = Your name

set-up-title = Set up Muster
set-up-words = You are the first. Name the organisation that runs this server, and yourself as its owner.
set-up-organisation = Organisation
set-up-organisation-help = The operator: it creates the resellers
set-up-go = Create and sign in

confirm-title = Once more: is it you?
confirm-words = What comes next matters, so the portal makes sure that it is you. It asks again after five minutes.
confirm-go = Go on

error-email = An address has a name, an @ and a domain, like ines@lantern.example.org.
error-email-taken = Somebody signs in with this address already. Take another one.
error-password-short = Take { $n } characters or more.
error-password-wrong = That is not your present password.

sessions-title = Where you are signed in
session-this = this browser
session-since = Signed in
session-seen = last used
session-end = Sign out there

passkeys-title = Passkeys
passkeys-words = A passkey signs you in with your fingerprint, your face or a PIN. Nothing has to be typed, and no other site can ask for it.
passkeys-full = That is as many as are kept. Remove one to add another.
passkeys-no-script = Passkeys need a newer browser, with scripts on.
passkeys-elsewhere = Passkeys of this portal work at { $origin }. Open it there.
passkey-added-at = Added
passkey-used = last used
passkey-unused = never used
passkey-synced = copies are kept by its maker
passkey-remove = Remove
passkey-remove-one = Remove { $label }
passkey-label = What you call it
passkey-label-help = Such as the device that holds it
passkey-add = Add a passkey
passkey-sign-in = Sign in with a passkey
passkey-confirm = Use a passkey
passkey-or = or
passkey-withdrawn = The browser’s dialogue was closed, or took too long. Nothing was changed. Try again.
passkey-here-already = This device holds a passkey of yours already. Take another device.
passkey-broken = The browser could not ask for a passkey. Nothing was changed. Try again, or use your password.
error-passkey-refused = This passkey was not taken. Try again, or use your password.
error-passkey-over = This took longer than five minutes, or was sent twice. Try again.
error-passkey-unfit = This passkey was not taken. Try again, or make it with another device.
error-passkeys-address = Passkeys belong to a name. This portal is reached as an IP address, so there are none until its operator gives it a name.
error-passkeys-plain = Passkeys work over https alone. This portal is reached over http, so there are none.
error-last-way-in = This is your only way in: you have no password. Add another passkey first, or ask an admin for a password link.

theme-title = Appearance
theme-system = As the system says
theme-light = Light
theme-dark = Dark

tokens-title = API tokens
tokens-words = For programs. A token acts in your organisation with the role you give it.
tokens-list = Tokens
tokens-none = No token yet. Make one for each program, so that you can revoke it alone.
token-made = The token “{ $name }”
token-new = New token
token-name = What it is for
token-name-help = The record shows this name for what the token does
token-role = What it may do
token-go = Make the token
token-since = Made
token-used = last used
token-unused = never used
token-revoke = Revoke
token-revoked = Revoked

people-words = Who can sign in, and what they may do. Every act on the record carries one of these names.
members = Members
member-add = Add a member
member-add-who = An owner or admin adds members.
member-go = Add and show the link
member-added = A link for { $name }
member-link = Hand this link to { $name }. It opens a page to choose a password.
member-waiting = No password yet
member-new-link = Make a new link
member-disable = Close the account
member-disabled = Can no longer sign in

role = Role
role-owner = Owner
role-owner-does = Everything, and who else may.
role-admin = Admin
role-admin-does = Phones, commands, members.
role-agent = Agent
role-agent-does = Sells and provisions: adds phones, sends everyday commands.
role-support = Support
role-support-does = Reads everything, changes nothing.
role-auditor = Auditor
role-auditor-does = Reads everything beneath, checks what was done and by whom.
