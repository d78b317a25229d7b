# What sellers write to their buyers (`letter-…`, in every language of an account), and the pages on which they read it.

letter-hello = Hello { $buyer },
letter-line = { $name }: { $value }
letter-greeting = Kind regards,
letter-answer = Answers to this mail reach us.
letter-date = { $n } { $month } { $year }
letter-month = { $n ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}

letter-renewal-subject = Your subscription { $plan } renews on { $date }
letter-renewal-words = Your subscription { $plan } renews on { $date }.
letter-renewal-price = The next period costs { $amount } before tax. The invoice comes on that day.
letter-renewal-do = There is nothing you need to do. If you do not want it to renew, tell us before then.

letter-invoice-subject = Invoice { $number } from { $seller }
letter-invoice-words = Here is invoice { $number }.
letter-invoice-pay = Please pay { $amount } by { $date }.
letter-invoice-paid = It is paid already. There is nothing you need to do.

letter-credit-note-subject = Credit note { $number } from { $seller }
letter-credit-note-words = Here is a credit note. It corrects invoice { $number }.
letter-credit-note-settled = It first settles what is open on that invoice. What you had paid beyond that stands to your credit.

letter-reminder-subject = Invoice { $number } is due on { $date }
letter-reminder-words = { $amount } of invoice { $number } are due on { $date }.
letter-crossed = If you have paid in the meantime, thank you. You need do nothing more.

letter-past-due-subject = Invoice { $number } is overdue
letter-past-due-words = Invoice { $number } was due on { $date }, { $n ->
    [one] one day ago
   *[other] { $n } days ago
}, and is not paid in full.
letter-past-due-then = If we do not receive your payment, service is suspended on { $date }.

letter-suspended-subject = Service is suspended: { $plan }
letter-suspended-words = We have not received your payment, and have suspended service.
letter-suspended-back = As soon as your payment is here, service comes back by itself.
letter-nothing-erased = Nothing on the phone is erased. Its owner’s data stay as they are.

letter-thanks-subject = Thank you for your payment
letter-thanks-words = We have received your payment. Nothing is open on your account.

letter-ended-subject = Your subscription has ended: { $plan }
letter-ended-words = Your subscription has ended, because it was not paid.
letter-ended-again = If you want service again, write to us: we will start a new subscription.

letter-fact-invoice = Invoice
letter-fact-credit-note = Credit note
letter-fact-total = Total
letter-fact-due = Due
letter-fact-open = Still open
letter-fact-plan = Plan
letter-fact-phone = Phone

letter-pay = To pay:
letter-pay-to = To
letter-pay-iban = IBAN
letter-pay-bic = BIC
letter-pay-reference = Reference

letters-title = Mail
letters-words = What left in your name, and what waits to leave.
letters-none = No mail has been written yet. Invoices, reminders and notices appear here.
letters-filter-state = State
letters-sent = Sent
letters-waiting = Waiting
letters-parked = Refused
letters-to = To
letters-from = From
letters-answers = Answers go to
letters-written = Written
letters-said = The mail server says
letters-attempts = { $n ->
    [one] One try
   *[other] { $n } tries
}
letters-as-html = As it looks
letters-as-text = As plain text
letters-source = Source
