# Ce que les vendeurs écrivent à leurs clients. Les mêmes clés que `letter-…` en anglais.

letter-hello = Bonjour { $buyer },
letter-line = { $name } : { $value }
letter-greeting = Cordialement,
letter-answer = Vos réponses à ce message nous parviennent.
letter-date = { $n ->
    [1] 1er
   *[other] { $n }
} { $month } { $year }
letter-month = { $n ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
}

letter-renewal-subject = Votre abonnement { $plan } est renouvelé le { $date }
letter-renewal-words = Votre abonnement { $plan } est renouvelé le { $date }.
letter-renewal-price = La prochaine période coûte { $amount } hors taxes. La facture vous parviendra ce jour-là.
letter-renewal-do = Vous n’avez rien à faire. Si vous ne souhaitez pas le renouveler, prévenez-nous avant cette date.

letter-invoice-subject = Facture { $number } de { $seller }
letter-invoice-words = Voici la facture { $number }.
letter-invoice-pay = Nous vous remercions de régler { $amount } au plus tard le { $date }.
letter-invoice-paid = Elle est déjà réglée. Vous n’avez rien à faire.

letter-credit-note-subject = Avoir { $number } de { $seller }
letter-credit-note-words = Voici un avoir. Il corrige la facture { $number }.
letter-credit-note-settled = Il solde d’abord ce qui reste dû sur cette facture. Ce que vous aviez payé au-delà est porté à votre crédit.

letter-reminder-subject = La facture { $number } arrive à échéance le { $date }
letter-reminder-words = Le solde de la facture { $number }, { $amount }, est à régler au plus tard le { $date }.
letter-crossed = Si vous avez payé entre-temps, merci. Vous n’avez rien d’autre à faire.

letter-past-due-subject = La facture { $number } est en retard
letter-past-due-words = La facture { $number } devait être réglée le { $date }, il y a { $n ->
    [one] un jour
   *[other] { $n } jours
}, et ne l’est pas entièrement.
letter-past-due-then = Sans paiement de votre part, le service sera suspendu le { $date }.

letter-suspended-subject = Le service est suspendu : { $plan }
letter-suspended-words = Nous n’avons pas reçu votre paiement et avons suspendu le service.
letter-suspended-back = Dès réception de votre paiement, le service reprend de lui-même.
letter-nothing-erased = Rien n’est effacé sur le téléphone. Les données de son propriétaire restent telles quelles.

letter-thanks-subject = Merci de votre paiement
letter-thanks-words = Nous avons reçu votre paiement. Votre compte est soldé.

letter-ended-subject = Votre abonnement a pris fin : { $plan }
letter-ended-words = Votre abonnement a pris fin, faute de paiement.
letter-ended-again = Si vous souhaitez retrouver le service, écrivez-nous : nous ouvrirons un nouvel abonnement.

letter-fact-invoice = Facture
letter-fact-credit-note = Avoir
letter-fact-total = Total
letter-fact-due = Échéance
letter-fact-open = Reste à payer
letter-fact-plan = Formule
letter-fact-phone = Téléphone

letter-pay = Pour payer :
letter-pay-to = Bénéficiaire
letter-pay-iban = IBAN
letter-pay-bic = BIC
letter-pay-reference = Référence
