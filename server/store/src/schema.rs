//! The tables as the migrations leave them. Written by hand: one line a column, in the order of `migrations/`.

pub(crate) mod selling;

diesel::table! {
    organisations (id) {
        id -> Text,
        kind -> Text,
        parent_id -> Nullable<Text>,
        reseller_id -> Nullable<Text>,
        name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    members (id) {
        id -> Text,
        organisation_id -> Text,
        email -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Nullable<Text>,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        member_id -> Text,
        user_agent -> Text,
        created_at -> BigInt,
        last_seen_at -> BigInt,
        confirmed_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> Text,
        organisation_id -> Text,
        name -> Text,
        role -> Text,
        secret_hash -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    one_time_links (id) {
        id -> Text,
        purpose -> Text,
        member_id -> Nullable<Text>,
        secret_hash -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    fleets (id) {
        id -> Text,
        organisation_id -> Text,
        fingerprint -> Nullable<Text>,
        descriptor -> Nullable<Text>,
        log_origin -> Text,
        log_key_sealed -> Binary,
        online_key_sealed -> Binary,
        created_at -> BigInt,
        next_online_key_sealed -> Nullable<Binary>,
        next_log_key_sealed -> Nullable<Binary>,
        next_log_origin -> Nullable<Text>,
    }
}

diesel::table! {
    keyrings (fleet_id, version) {
        fleet_id -> Text,
        version -> BigInt,
        digest -> Text,
        envelope -> Text,
        issued_at -> BigInt,
        expires_at -> BigInt,
        stored_at -> BigInt,
    }
}

diesel::table! {
    policies (fleet_id, version) {
        fleet_id -> Text,
        version -> BigInt,
        digest -> Text,
        envelope -> Text,
        issued_at -> BigInt,
        expires_at -> BigInt,
        stored_at -> BigInt,
    }
}

diesel::table! {
    keyring_warnings (fleet_id, version, days) {
        fleet_id -> Text,
        version -> BigInt,
        days -> BigInt,
        warned_at -> BigInt,
    }
}

diesel::table! {
    log_leaves (id) {
        id -> Text,
        fleet_id -> Text,
        kind -> Text,
        digest -> Text,
        leaf_index -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    log_nodes (fleet_id, level, position) {
        fleet_id -> Text,
        level -> BigInt,
        position -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    log_checkpoints (fleet_id, size) {
        fleet_id -> Text,
        size -> BigInt,
        root -> Text,
        note -> Text,
        created_at -> BigInt,
        witnesses -> BigInt,
    }
}

diesel::table! {
    clearances (digest) {
        digest -> Text,
        fleet_id -> Text,
        command_id -> Text,
        enrolment_id -> Text,
        nonce -> Text,
        witness -> Text,
        checkpoint_size -> BigInt,
        envelope -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    devices (id) {
        id -> Text,
        organisation_id -> Text,
        reseller_id -> Text,
        fleet_id -> Text,
        serial_number -> Text,
        imei -> Nullable<Text>,
        model -> Text,
        lifecycle -> Text,
        epoch -> BigInt,
        enrolment_id -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    device_state (device_id) {
        device_id -> Text,
        reseller_id -> Text,
        organisation_id -> Text,
        last_check_in_at -> Nullable<BigInt>,
        report -> Nullable<Text>,
        restrictions -> Text,
        locked -> Bool,
        suspended -> Bool,
        held -> Bool,
        keyring_version -> BigInt,
        checkpoint_size -> BigInt,
        checkpoint_root -> Nullable<Text>,
        nonce -> Nullable<Text>,
        policy_version -> BigInt,
        compliance -> Nullable<Text>,
        freshness -> Nullable<Text>,
    }
}

diesel::table! {
    device_days (device_id, day) {
        device_id -> Text,
        day -> BigInt,
        seen -> BigInt,
        reseller_id -> Text,
        organisation_id -> Text,
    }
}

diesel::table! {
    enrolment_codes (id) {
        id -> Text,
        device_id -> Text,
        code_hash -> Text,
        created_by -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        used_for_key -> Nullable<Text>,
        withdrawn_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    enrolments (id) {
        id -> Text,
        device_id -> Text,
        epoch -> BigInt,
        device_key -> Nullable<Text>,
        statement -> Nullable<Text>,
        pin -> Nullable<Text>,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        ended_why -> Nullable<Text>,
        statement_digest -> Nullable<Text>,
    }
}

diesel::table! {
    certificates (serial_number) {
        serial_number -> Text,
        profile -> Text,
        state -> Text,
        device_id -> Nullable<Text>,
        enrolment_id -> Nullable<Text>,
        fingerprint -> Nullable<Text>,
        key_hash -> Text,
        der -> Nullable<Binary>,
        not_before -> BigInt,
        not_after -> BigInt,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        revocation_reason -> Nullable<BigInt>,
    }
}

diesel::table! {
    crls (number) {
        number -> BigInt,
        der -> Binary,
        entries -> BigInt,
        this_update -> BigInt,
        next_update -> BigInt,
    }
}

diesel::table! {
    commands (id) {
        id -> Text,
        reseller_id -> Text,
        organisation_id -> Text,
        fleet_id -> Text,
        kind -> Text,
        reason -> Text,
        arguments -> Text,
        payload -> Text,
        digest -> Text,
        keyring_version -> BigInt,
        approvals_needed -> BigInt,
        independent_needed -> BigInt,
        target_count -> BigInt,
        target_root -> Text,
        envelope -> Nullable<Text>,
        envelope_digest -> Nullable<Text>,
        sealed_at -> Nullable<BigInt>,
        state -> Text,
        drafted_by -> Text,
        drafted_by_name -> Text,
        issued_at -> BigInt,
        expires_at -> BigInt,
        cancelled_at -> Nullable<BigInt>,
        cancelled_by_name -> Nullable<Text>,
        created_at -> BigInt,
        lapsed_at -> Nullable<BigInt>,
        cool_off_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    command_targets (command_id, position) {
        command_id -> Text,
        position -> BigInt,
        device_id -> Text,
        enrolment_id -> Text,
        serial_number -> Text,
        state -> Text,
        code -> Nullable<Text>,
        late -> Bool,
        delivered_at -> Nullable<BigInt>,
        accepted_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    command_approvals (command_id, key_id) {
        command_id -> Text,
        key_id -> Text,
        person -> Text,
        signature -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    receipts (id) {
        id -> Text,
        device_id -> Text,
        enrolment_id -> Text,
        sequence -> BigInt,
        command_digest -> Text,
        command_id -> Nullable<Text>,
        state -> Text,
        code -> Nullable<Text>,
        detail -> Nullable<Text>,
        envelope -> Text,
        phone_at -> BigInt,
        received_at -> BigInt,
    }
}

diesel::table! {
    events (id) {
        id -> Text,
        reseller_id -> Nullable<Text>,
        organisation_id -> Text,
        kind -> Text,
        weight -> Text,
        actor -> Text,
        actor_name -> Text,
        device_id -> Nullable<Text>,
        serial_number -> Nullable<Text>,
        command_id -> Nullable<Text>,
        facts -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    mail_outbox (id) {
        id -> Text,
        message_id -> Text,
        recipient -> Text,
        subject -> Text,
        body_text -> Text,
        body_html -> Text,
        state -> Text,
        attempts -> BigInt,
        last_error -> Nullable<Text>,
        next_attempt_at -> BigInt,
        created_at -> BigInt,
        sent_at -> Nullable<BigInt>,
        sender_name -> Nullable<Text>,
        reply_to -> Nullable<Text>,
        seller_id -> Nullable<Text>,
        held_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    job_leases (name) {
        name -> Text,
        holder -> Nullable<Text>,
        held_until -> BigInt,
        fence -> BigInt,
        last_started_at -> Nullable<BigInt>,
        last_finished_at -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    idempotency_keys (actor, key) {
        actor -> Text,
        key -> Text,
        request_hash -> Text,
        status -> BigInt,
        body -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    rate_limits (bucket, window_start) {
        bucket -> Text,
        window_start -> BigInt,
        used -> BigInt,
    }
}

diesel::table! {
    approving_passkeys (id) {
        id -> Text,
        member_id -> Text,
        label -> Text,
        key_id -> Text,
        person -> Text,
        credential -> Text,
        origin -> Text,
        rp_id -> Text,
        synced -> Bool,
        aaguid -> Text,
        registration -> Text,
        created_at -> BigInt,
        in_keyring_at -> Nullable<BigInt>,
        removed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    approval_ceremonies (token_hash) {
        token_hash -> Text,
        member_id -> Text,
        purpose -> Text,
        command_id -> Nullable<Text>,
        label -> Nullable<Text>,
        person -> Nullable<Text>,
        claim -> Nullable<Text>,
        nonce -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    passkey_counters (key_id) {
        key_id -> Text,
        counter -> BigInt,
        seen_at -> BigInt,
    }
}

diesel::table! {
    passkeys (id) {
        id -> Text,
        member_id -> Text,
        credential_id -> Text,
        credential -> Text,
        counter -> BigInt,
        synced -> Bool,
        label -> Text,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    webauthn_ceremonies (id) {
        id -> Text,
        purpose -> Text,
        session_id -> Nullable<Text>,
        state -> Text,
        expires_at -> BigInt,
    }
}

diesel::joinable!(approving_passkeys -> members (member_id));
diesel::joinable!(approval_ceremonies -> members (member_id));
diesel::joinable!(sessions -> members (member_id));
diesel::joinable!(members -> organisations (organisation_id));
diesel::joinable!(api_tokens -> organisations (organisation_id));
diesel::joinable!(one_time_links -> members (member_id));
diesel::joinable!(passkeys -> members (member_id));
diesel::joinable!(devices -> organisations (organisation_id));
diesel::joinable!(device_state -> devices (device_id));
diesel::joinable!(enrolment_codes -> devices (device_id));
diesel::joinable!(enrolments -> devices (device_id));
diesel::joinable!(certificates -> devices (device_id));
diesel::joinable!(command_targets -> commands (command_id));
diesel::joinable!(command_targets -> devices (device_id));
diesel::joinable!(receipts -> devices (device_id));
diesel::joinable!(command_approvals -> commands (command_id));
diesel::joinable!(device_days -> devices (device_id));

diesel::allow_tables_to_appear_in_same_query!(
    api_tokens,
    approval_ceremonies,
    approving_passkeys,
    certificates,
    clearances,
    command_approvals,
    command_targets,
    commands,
    crls,
    device_days,
    device_state,
    devices,
    enrolment_codes,
    enrolments,
    events,
    fleets,
    idempotency_keys,
    job_leases,
    keyring_warnings,
    keyrings,
    log_checkpoints,
    log_leaves,
    log_nodes,
    mail_outbox,
    members,
    one_time_links,
    organisations,
    passkey_counters,
    passkeys,
    policies,
    rate_limits,
    receipts,
    sessions,
    webauthn_ceremonies,
);

// The few that a query of selling joins with the rest.
use selling::{billing_accounts, letters, subscriptions};
diesel::joinable!(subscriptions -> devices (device_id));
diesel::joinable!(billing_accounts -> organisations (buyer_id));
diesel::allow_tables_to_appear_in_same_query!(devices, subscriptions);
diesel::allow_tables_to_appear_in_same_query!(devices, billing_accounts);
diesel::allow_tables_to_appear_in_same_query!(organisations, billing_accounts);
diesel::allow_tables_to_appear_in_same_query!(organisations, subscriptions);
diesel::joinable!(letters -> mail_outbox (mail_id));
diesel::allow_tables_to_appear_in_same_query!(letters, mail_outbox);
