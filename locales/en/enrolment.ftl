# Add a device, and its code.

add-words = Scan one after the other. Each gets its own code.
add-next = Next phone
add-scanner = a scanner may type here
add-go = Add and show its code
added-today = Added today
serial-number = Serial number
serial-help = On the box and under Settings, About
error-imei = The last digit does not fit the others. Scan it again, or read it off the tray.

make-code = Make an enrolment code
code-title = Enrolment code
code-for = { $model } for { $organisation }
code-how = On the phone: Settings, Join a fleet, Scan
code-letters = No camera? Type these letters instead. The letters O, I, L and U are never used.
code-qr = A QR with the server’s address, its fingerprints and the enrolment code.
code-copy = Copy the code
code-print = Print this card
code-until = Works once, until
code-time = Time left for this code
code-once = The code is shown this once and stored hashed. If the card is lost, make a new code; the old one ends.
code-waiting = Waiting for the phone
code-waiting-words = This card changes by itself when it joins. Go on with the next one meanwhile.
code-joined = Enrolled
code-words = the phone now shows
code-ended = This code ended
code-ended-words = No phone joined with it. Make a new one on the phone’s page.

trust-title = What the phone will trust
trust-words = The phone shows the same marks when it joins. If they differ, stop.
mark-server = Server certificate
mark-fleet = Fleet fingerprint
nothing-title = If nothing happens
nothing-words = Is the phone on a network? Does its clock show today? A code that was used or is over a day old is refused; the phone’s page makes a new one.
