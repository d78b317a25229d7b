# What is to come: renewals by month, what recurs, who left, what is owed by age.

forecast-words = What the schedules and prices of today lead to. New buyers and lost ones are not guessed.
forecast-as-of = As of
forecast-csv = Months as CSV
forecast-none = Here will stand what renews in the next twelve months. It is reckoned every hour, for who sells.
forecast-nothing = Nothing renews and nothing is owed.
forecast-left-out = Left out
forecast-unpriced = { $n ->
    [one] { $n } subscription is left out: its plan has no price on the day it renews.
   *[other] { $n } subscriptions are left out: their plans have no price on the day they renew.
}
forecast-unpriced-do = Give the plan a price that begins on that day or before.
forecast-churn = Ended in the last 30 days
forecast-churn-words = { $ended } of the { $there } subscriptions that there were.
forecast-churn-none = There was no subscription 30 days ago.
forecast-recurring = Recurring in a month
forecast-running = { $n ->
    [one] { $n } subscription runs
   *[other] { $n } subscriptions run
}
forecast-this-month = Still to bill this month
forecast-renewals-n = { $n ->
    [one] { $n } renewal
   *[other] { $n } renewals
}
forecast-past-due = Past due
forecast-of-owed = of { $amount } owed
forecast-months-title = To be billed by month, { $currency } without VAT
forecast-month-title = Month
forecast-month = { $month } { $year }
forecast-renewals = Renewals
forecast-revenue = Revenue
forecast-owed-title = Owed by age, { $currency }
forecast-age = Age
forecast-amount = Amount
forecast-current = Not due yet
forecast-to-30 = 1 to 30 days
forecast-to-60 = 31 to 60 days
forecast-to-90 = 61 to 90 days
forecast-older = Over 90 days
forecast-reconciled = The journal says the same
forecast-reconciled-words = What the invoices leave open and what the ledger holds are both { $owed }.
forecast-apart = The books are { $difference } apart
forecast-apart-words = The invoices leave { $owed } open, and the ledger holds { $ledger }. Have the books audited before anything more is booked.
forecast-plot-months = To be billed by month in { $currency }: { $months }
forecast-plot-overdue = Owed by age in { $currency }: { $ages }
