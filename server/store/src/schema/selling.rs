//! What is sold: the tables of `migrations/2026-11-25-000001_selling`, one line a column.

diesel::table! {
    parties (id) {
        id -> Text,
        organisation_id -> Text,
        legal_name -> Text,
        street -> Text,
        postcode -> Text,
        city -> Text,
        country -> Text,
        vat_id -> Nullable<Text>,
        registration -> Nullable<Text>,
        email -> Text,
        iban -> Nullable<Text>,
        bic -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    sellers (organisation_id) {
        organisation_id -> Text,
        party_id -> Text,
        currency -> Text,
        zone -> Text,
        language -> Text,
        vat_exempt -> BigInt,
        terms_days -> BigInt,
        invoice_series -> Text,
        credit_note_series -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    invoice_series (seller_id, series, year) {
        seller_id -> Text,
        series -> Text,
        year -> BigInt,
        next_number -> BigInt,
    }
}

diesel::table! {
    plans (id) {
        id -> Text,
        seller_id -> Text,
        name -> Text,
        interval_unit -> Text,
        interval_count -> BigInt,
        currency -> Text,
        trial_days -> BigInt,
        terms_days -> BigInt,
        rate -> Text,
        cancellation -> Text,
        paused_time -> Text,
        dunning -> Text,
        created_at -> BigInt,
        retired_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    prices (id) {
        id -> Text,
        plan_id -> Text,
        item -> Text,
        buyer_id -> Nullable<Text>,
        from_quantity -> BigInt,
        amount -> BigInt,
        valid_from -> Text,
        valid_until -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    billing_accounts (id) {
        id -> Text,
        seller_id -> Text,
        buyer_id -> Text,
        party_id -> Text,
        business -> BigInt,
        currency -> Text,
        zone -> Text,
        language -> Text,
        terms_days -> BigInt,
        payment -> Text,
        credit -> BigInt,
        credit_limit -> BigInt,
        live_subscriptions -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    subscriptions (id) {
        id -> Text,
        seller_id -> Text,
        buyer_id -> Text,
        billing_account_id -> Text,
        plan_id -> Text,
        device_id -> Nullable<Text>,
        life -> Text,
        anchor -> Text,
        anchor_index -> BigInt,
        next_index -> BigInt,
        next_start_at -> Nullable<BigInt>,
        covered_until -> Nullable<BigInt>,
        cancel_at_end -> BigInt,
        next_plan_id -> Nullable<Text>,
        reached -> Text,
        reached_on -> Text,
        parked_at -> Nullable<BigInt>,
        parked_because -> Nullable<Text>,
        ordered -> Text,
        ordered_until -> Nullable<BigInt>,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    invoices (id) {
        id -> Text,
        seller_id -> Text,
        buyer_id -> Text,
        billing_account_id -> Text,
        kind -> Text,
        series -> Text,
        year -> BigInt,
        number -> BigInt,
        issue_date -> Text,
        due_date -> Text,
        zone -> Text,
        language -> Text,
        currency -> Text,
        net -> BigInt,
        vat -> BigInt,
        total -> BigInt,
        seller_party_id -> Text,
        buyer_party_id -> Text,
        corrects_id -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    invoice_lines (invoice_id, position) {
        invoice_id -> Text,
        position -> BigInt,
        subscription_id -> Nullable<Text>,
        product -> Text,
        description -> Text,
        quantity -> BigInt,
        unit_price -> BigInt,
        net -> BigInt,
        vat_category -> Text,
        vat_rate -> BigInt,
        from_date -> Nullable<Text>,
        until_date -> Nullable<Text>,
    }
}

diesel::table! {
    subscription_periods (subscription_id, period_index) {
        subscription_id -> Text,
        period_index -> BigInt,
        previous_end_at -> Nullable<BigInt>,
        start_at -> BigInt,
        end_at -> BigInt,
        start_date -> Text,
        end_date -> Text,
        zone -> Text,
        plan_id -> Text,
        invoice_id -> Text,
    }
}

diesel::table! {
    receivables (invoice_id) {
        invoice_id -> Text,
        seller_id -> Text,
        billing_account_id -> Text,
        currency -> Text,
        due_date -> Text,
        open -> BigInt,
    }
}

diesel::table! {
    transfers (id) {
        id -> Text,
        seller_id -> Text,
        debit -> Text,
        credit -> Text,
        currency -> Text,
        amount -> BigInt,
        document_id -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    payments (id) {
        id -> Text,
        seller_id -> Text,
        billing_account_id -> Text,
        kind -> Text,
        source -> Text,
        source_key -> Text,
        currency -> Text,
        amount -> BigInt,
        received_on -> Text,
        note -> Text,
        doubtful -> BigInt,
        recorded_by -> Text,
        recorded_by_name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    allocations (id) {
        id -> Text,
        invoice_id -> Text,
        payment_id -> Nullable<Text>,
        credit_note_id -> Nullable<Text>,
        amount -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    bank_statements (id) {
        id -> Text,
        seller_id -> Text,
        iban -> Text,
        statement_key -> Text,
        from_date -> Nullable<Text>,
        until_date -> Nullable<Text>,
        entries -> BigInt,
        imported_by_name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    bank_entries (id) {
        id -> Text,
        statement_id -> Text,
        seller_id -> Text,
        entry_key -> Text,
        booked_on -> Text,
        currency -> Text,
        amount -> BigInt,
        payer -> Text,
        reference -> Text,
        state -> Text,
        suggested_account_id -> Nullable<Text>,
        payment_id -> Nullable<Text>,
    }
}

diesel::table! {
    letters (id) {
        id -> Text,
        seller_id -> Text,
        billing_account_id -> Text,
        kind -> Text,
        letter_key -> Text,
        invoice_id -> Nullable<Text>,
        subscription_id -> Nullable<Text>,
        state -> Text,
        created_at -> BigInt,
        mail_id -> Nullable<Text>,
    }
}

diesel::table! {
    subscription_trials (subscription_id) {
        subscription_id -> Text,
        begins_at -> BigInt,
    }
}

diesel::table! {
    subscription_pauses (subscription_id) {
        subscription_id -> Text,
        paused_at -> BigInt,
    }
}

diesel::table! {
    payment_turns (payment_id, turn) {
        payment_id -> Text,
        turn -> Text,
        on_date -> Text,
        note -> Text,
        recorded_by -> Text,
        recorded_by_name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    reopenings (id) {
        id -> Text,
        allocation_id -> Text,
        payment_id -> Text,
        amount -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    webhook_secrets (id) {
        id -> Text,
        seller_id -> Text,
        sealed -> Text,
        made_by_name -> Text,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    books_audits (seller_id) {
        seller_id -> Text,
        checked_at -> BigInt,
        differences -> Text,
    }
}

diesel::table! {
    collection_walks (name) {
        name -> Text,
        until_at -> BigInt,
    }
}

diesel::table! {
    service_troubles (device_id) {
        device_id -> Text,
        because -> Text,
        noted_at -> BigInt,
        retry_at -> BigInt,
    }
}

diesel::table! {
    standing_alarms (name) {
        name -> Text,
        since -> BigInt,
        told_at -> BigInt,
    }
}

diesel::joinable!(sellers -> parties (party_id));
diesel::joinable!(plans -> sellers (seller_id));
diesel::joinable!(prices -> plans (plan_id));
diesel::joinable!(billing_accounts -> parties (party_id));
diesel::joinable!(subscriptions -> billing_accounts (billing_account_id));
diesel::joinable!(subscriptions -> plans (plan_id));
diesel::joinable!(invoices -> billing_accounts (billing_account_id));
diesel::joinable!(invoice_lines -> invoices (invoice_id));
diesel::joinable!(subscription_periods -> subscriptions (subscription_id));
diesel::joinable!(receivables -> invoices (invoice_id));
diesel::joinable!(allocations -> payments (payment_id));
diesel::joinable!(bank_entries -> bank_statements (statement_id));
diesel::joinable!(payments -> billing_accounts (billing_account_id));

diesel::allow_tables_to_appear_in_same_query!(
    allocations,
    bank_entries,
    bank_statements,
    billing_accounts,
    invoice_lines,
    invoices,
    parties,
    payments,
    plans,
    prices,
    receivables,
    sellers,
    subscription_periods,
    subscriptions,
);
