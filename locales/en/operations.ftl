# What went wrong, and what to do next.

problem-home = To the overview
problem-reference = Tell the support desk this reference:
problem-unreadable = This request cannot be read
problem-unreadable-words = Something in it is missing or too long. Nothing was changed. Go back and try again.
problem-forbidden = This is not for your role
problem-forbidden-words = Nothing was changed. An owner or admin of your organisation can give you the role it takes.
problem-stale-form = This form is too old
problem-stale-form-words = You signed in again since it was opened. Nothing was changed. Go back, reload the page and send it again.
problem-not-found = Nothing is here
problem-not-found-words = The address is wrong, or what it names belongs to another organisation.
problem-conflict = This does not fit what is there
problem-conflict-words = A phone accepted the command before it could be cancelled.
problem-link-ended = This link has ended
problem-link-ended-words = It was used, or it is too old. Ask whoever gave it to you for a new one.
problem-too-many = Too many tries
problem-too-many-words = To keep guessers out, the next try is taken in { $span }.
problem-internal = The server made a mistake
problem-internal-words = Nothing was changed. Try again; if it stays, tell whoever runs this server.
problem-unavailable = Not saved
problem-unavailable-words = The database is busy or its disk is full. Nothing was changed. Try again in a moment.
