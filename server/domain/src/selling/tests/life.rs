//! The table of a subscription's life, row by row.

use super::{Act, AtPeriodEnd, Life, Standing};

const ACTIVE: Standing = Standing {
    life: Life::Active,
    at_period_end: None,
};

#[test]
fn words_round_trip() {
    for life in Life::ALL {
        assert_eq!(Life::parse(life.as_str()), Some(life));
    }
    assert_eq!(Life::parse("cancelled"), None);
}

#[test]
fn the_table_is_this_and_nothing_more() {
    use Act::{
        Activate, CancelAtPeriodEnd, CancelNow, ChangePlanAtPeriodEnd, ChangePlanNow, Expire,
        Pause, Resume, StartTrial, Transfer, UndoCancel,
    };
    use Life::{Active, Canceled, Expired, Paused, Pending, Trialing};
    let allowed = [
        (Pending, StartTrial, Trialing),
        (Pending, Activate, Active),
        (Pending, CancelNow, Canceled),
        (Pending, Transfer, Pending),
        (Pending, ChangePlanNow, Pending),
        (Trialing, Activate, Active),
        (Trialing, CancelNow, Canceled),
        (Trialing, CancelAtPeriodEnd, Trialing),
        (Trialing, UndoCancel, Trialing),
        (Trialing, Expire, Expired),
        (Trialing, Transfer, Trialing),
        (Trialing, ChangePlanNow, Trialing),
        (Active, Pause, Paused),
        (Active, CancelNow, Canceled),
        (Active, CancelAtPeriodEnd, Active),
        (Active, UndoCancel, Active),
        (Active, Expire, Expired),
        (Active, Transfer, Active),
        (Active, ChangePlanNow, Active),
        (Active, ChangePlanAtPeriodEnd, Active),
        (Paused, Resume, Active),
        (Paused, CancelNow, Canceled),
        (Paused, CancelAtPeriodEnd, Paused),
        (Paused, UndoCancel, Paused),
        (Paused, Expire, Expired),
        (Paused, Transfer, Paused),
        (Paused, ChangePlanNow, Paused),
    ];
    for life in Life::ALL {
        for act in Act::ALL {
            let expected = allowed
                .iter()
                .find(|row| row.0 == life && row.1 == act)
                .map(|row| row.2);
            assert_eq!(life.after(act).ok(), expected, "{life:?} {act:?}");
        }
    }
}

#[test]
fn refusals_say_what_to_do() {
    assert_eq!(
        Life::Expired.after(Act::Resume).unwrap_err().to_string(),
        "This subscription cannot be resumed now. It has ended. Start a new subscription instead."
    );
    for life in Life::ALL {
        for act in Act::ALL {
            if let Err(refusal) = life.after(act) {
                assert!(refusal.message.ends_with('.'));
            }
        }
    }
}

#[test]
fn a_wish_to_cancel_can_be_undone_until_the_period_ends() {
    let leaving = ACTIVE.after(Act::CancelAtPeriodEnd).unwrap();
    assert_eq!(leaving.life, Life::Active);
    assert!(!leaving.renews() && ACTIVE.renews());
    assert_eq!(leaving.after(Act::UndoCancel).unwrap(), ACTIVE);
    assert_eq!(leaving.at_end().life, Life::Canceled);
    assert_eq!(
        ACTIVE.after(Act::UndoCancel).unwrap_err().code,
        "subscription-not-canceling"
    );
    for act in [
        Act::Pause,
        Act::ChangePlanNow,
        Act::ChangePlanAtPeriodEnd,
        Act::CancelAtPeriodEnd,
    ] {
        assert_eq!(
            leaving.after(act).unwrap_err().code,
            "subscription-canceling"
        );
    }
    assert_eq!(leaving.after(Act::CancelNow).unwrap().at_period_end, None);
}

#[test]
fn a_change_at_the_end_is_forgotten_by_a_change_now_and_outweighed_by_a_cancellation() {
    let changing = ACTIVE.after(Act::ChangePlanAtPeriodEnd).unwrap();
    assert_eq!(changing.at_period_end, Some(AtPeriodEnd::ChangePlan));
    assert!(changing.renews());
    assert_eq!(changing.at_end(), ACTIVE);
    assert_eq!(changing.after(Act::ChangePlanNow).unwrap(), ACTIVE);
    let leaving = changing.after(Act::CancelAtPeriodEnd).unwrap();
    assert_eq!(leaving.at_end().life, Life::Canceled);
    assert_eq!(leaving.after(Act::Transfer).unwrap(), leaving);
}
