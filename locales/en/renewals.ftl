# Renewals.

parked-title = Set aside
parked-words = These could not be billed. They hold nobody back, and nobody pays for them until they are taken up again.
parked-none = Nothing is set aside: everything that was due is billed.
parked-list = Newest first
parked-subscription = Subscription
parked-buyer = Buyer
parked-because = Why
parked-due = Due
parked-since = Set aside
parked-no-phone = On no phone yet
parked-take-up = Take up again
parked-take-up-all = Take all up again
renewals-behind = Renewals are behind: something was due { $at } and is not billed yet. The operator was told.
done-renewal-unparked = Taken up again. It is billed within a minute
