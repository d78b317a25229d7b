# Plans and what they cost.

plan = Plan
plans-words = What you sell: for how long, and at which price.
plans-none = No plan yet. Add the first one; then you can sell subscriptions.
plans-with-retired = With those offered no more
plan-new = New plan
plan-new-words = Prices can be changed later. The rest stands: for other rules, make another plan.
plan-name-help = It stands on invoices.
plan-interval = Length of a period
plan-unit = Months or days
plan-unit-months = Months
plan-unit-days = Days
plan-every-months = { $n ->
    [one] every month
   *[other] every { $n } months
}
plan-every-days = { $n ->
    [one] every day
   *[other] every { $n } days
}
plan-days = { $n ->
    [one] 1 day
   *[other] { $n } days
}
plan-costs = A period costs
plan-period = Period
plan-no-price = No price yet
plan-with-handset = handset { $amount }
plan-net = Without VAT.
plan-handset-help = Once. Leave it empty if no handset is sold.
plan-rate = VAT rate
plan-rate-standard = Standard rate, now { $rate } %
plan-rate-unknown = Standard rate
plan-rate-reduced = { $rate } %
plan-rate-zero = Zero
plan-rate-by-hand = Another
plan-rate-percent = Another rate
plan-rate-percent-help = In percent, if Another is chosen.
plan-rules = Rules
plan-trial = Days of trial
plan-cancellation = Cancellation
plan-cancel-end = At the end of the period
plan-cancel-now = Also at once, without credit
plan-cancel-credit = Also at once, unused days are credited
plan-paused = Paused time
plan-paused-lapses = Is lost; service stays until the period ends
plan-paused-extends = Is given back; service stops at once
plan-dunning = When nobody pays
plan-dunning-words = Letters go out, then service is suspended, then the subscription ends. Nothing is ever wiped.
plan-before = Letters before a renewal
plan-after = Letters after the due date
plan-days-help = Days, with commas between.
plan-suspend = Days late: suspended
plan-end = Days late: ended
plan-go = Offer this plan
plan-retired = Offered no more
plan-retire = Offer it no more
plan-retire-words = What runs under it goes on and renews. Nothing new begins with it.

prices-title = Prices
prices-none = No price yet.
prices-more = Older prices are not shown. The API lists them all.
price-recurring = A period
price-handset = Handset
price-of = Price of
price-for = For
price-everybody = Everybody
price-amount = Amount
price-amount-in = Amount, { $currency }
price-today = Today
price-to-come = To come
price-past = Ended
price-since = from { $from }
price-between = from { $from } to { $until }, that day excluded
price-from-n = from { $n } on
price-from = From
price-from-help = Year-month-day. Today if empty.
price-until = Until
price-until-help = For one buyer alone. That day is excluded.
price-new = Set a price
price-new-words = It ends the price before it on the day that it begins. What was billed keeps what it cost.
price-steps = Steps by quantity
price-steps-words = Each step begins with a number of live subscriptions. All of them then cost that much.
price-step-from = From this many on
price-go = Set this price
price-take-back = Take back
