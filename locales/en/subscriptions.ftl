# Subscriptions.

subscriptions-words = Who has which plan, and what is billed next.
subscriptions-new = New subscription
subscriptions-new-words = Choose the buyer and the plan. Before anything is started you see what it will come to.
subscriptions-new-first = A subscription needs a buyer and a plan. Add them first.
subscriptions-to-buyers = Buyers
subscriptions-to-plans = Plans
subscriptions-sides = Sold or bought
subscriptions-sold = Sold
subscriptions-bought = Bought
subscriptions-none = No subscription yet.
subscriptions-nothing = No subscription matches these filters.
subscriptions-plan = Plan
subscriptions-buyer = Buyer
subscriptions-seller = Seller
subscriptions-next = Next
subscriptions-parked-short = Billing failed
subscriptions-parked = Billing this subscription failed, and it was set aside: { $why } Take it up again when that is mended.
subscriptions-set-aside = Billing failed
subscriptions-yes = Yes
subscriptions-chosen = the chosen one
subscriptions-bulk = With the selected subscriptions
subscriptions-select-one = Select { $plan }
subscriptions-many = { $n ->
    [one] One subscription
   *[other] { $n } subscriptions
}
subscriptions-done-to = { $n ->
    [one] Done to one subscription
   *[other] Done to { $n } subscriptions
}
subscriptions-choose-some = No subscription is selected. Go back and select some.
subscriptions-unknown = Not one of yours
subscriptions-left-out = Left out
subscriptions-type-count = To go on, type the number of subscriptions: { $count }

subscriptions-life-pending = Not begun
subscriptions-life-trialing = Trial
subscriptions-life-active = Active
subscriptions-life-paused = Paused
subscriptions-life-canceled = Canceled
subscriptions-life-expired = Expired
subscriptions-stage-current = Paid up
subscriptions-stage-past-due = Past due
subscriptions-stage-grace = Past due, in grace
subscriptions-stage-suspended = Suspended for debt
subscriptions-stage-terminated = Ended for debt
subscriptions-service-full = It entitles the phone to full service.
subscriptions-service-suspended = It entitles the phone to nothing: service is off, and nothing on it is removed.
subscriptions-service-none = It has no say yet.
subscriptions-ordered-nothing = The phone was told nothing for its sake.
subscriptions-ordered-suspended = The phone was told to suspend its service.
subscriptions-ordered-full = The phone was told to resume its service.

subscriptions-axes = Where it stands
subscriptions-axis-life = Subscription
subscriptions-axis-collection = Collection
subscriptions-axis-phone = What the phone may do
subscriptions-says-pending = It begins on { $day }.
subscriptions-says-trialing = The trial ends on { $day }; then the first period is billed.
subscriptions-says-active = It renews on { $day }.
subscriptions-says-next-plan = The next period is billed at { $plan }.
subscriptions-says-paused = What was paid for ends on { $day }. Nothing is billed until it is resumed.
subscriptions-says-paused-over = Nothing is billed until it is resumed.
subscriptions-says-ended = It ended on { $day }.
subscriptions-ends-on = Ends on { $day }
subscriptions-renews-on = Renews on { $day }
subscriptions-owes = The buyer’s account owes { $amount }.
subscriptions-owes-nothing = The buyer’s account owes nothing.
subscriptions-next-nothing = Nothing more is billed.
subscriptions-next-words = { $plan } from { $day }: { $total } with VAT
subscriptions-next-unpriced = { $plan } from { $day }: the plan has no price on that day yet
subscriptions-ends-with-period = It ends with what was paid for.
subscriptions-periods = Billed periods
subscriptions-periods-none = No period was billed yet.
subscriptions-days = Days
subscriptions-invoice = Invoice
subscriptions-credit-note = Credit note
subscriptions-document = Document
subscriptions-net = Net
subscriptions-vat = VAT
subscriptions-total = Total
subscriptions-facts = Facts
subscriptions-no-phone = None yet
subscriptions-zone = Time zone
subscriptions-of-device = Those of this phone

subscriptions-cost = What it comes to
subscriptions-cost-nothing = Nothing is invoiced and nothing is credited now.
subscriptions-show-cost = See what it comes to
subscriptions-start = Start
subscriptions-serial = Serial number of the phone
subscriptions-serials = Serial numbers of phones
subscriptions-serials-help = One a line. Leave it empty to sell first and choose the phones later.
subscriptions-count = How many
subscriptions-count-help = 1 to 500. With phones named, their number.
subscriptions-start-date = First day
subscriptions-start-help = Year, month and day, such as 2026-12-01. Today when it is left empty.
subscriptions-with-trial = Begin with the plan’s trial
subscriptions-with-handset = Sell a handset with each
subscriptions-handset-help = Handsets are invoiced at once, on an invoice of their own.
subscriptions-when-end = From the next period
subscriptions-when-now = From today, settled to the day

subscriptions-act-pause = Pause
subscriptions-pause-says = Nothing more is billed until it is resumed. What was paid for is served or given back later, as the plan says.
subscriptions-act-resume = Resume
subscriptions-resume-says = It renews again.
subscriptions-act-cancel-end = Cancel at the end
subscriptions-cancel-end-says = It ends when what was paid for does. Until then that can be undone.
subscriptions-act-cancel-now = Cancel now
subscriptions-cancel-now-says = It ends at this moment, for good. The phone’s service goes off; nothing on the phone is removed.
subscriptions-act-undo = Undo the cancellation
subscriptions-undo-says = It goes on as if nobody had canceled it.
subscriptions-act-change = Change the plan
subscriptions-change-says = From the next period, or from today with the rest of the paid period settled to the day.
subscriptions-act-move = Move to another phone
subscriptions-act-put = Put on a phone
subscriptions-move-says = The term stays as it is. The other phone is no longer spoken for.
