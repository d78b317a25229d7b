//! Text that people read (§4): how long it may be, and which characters it may hold.

use crate::field::FieldError;
use crate::text;

fn invalid(name: &'static str) -> Result<(), FieldError> {
    Err(FieldError::Invalid(name))
}

#[test]
fn human_text_is_counted_in_scalar_values() {
    for (most, name) in [(text::REASON_MAX, 200), (text::MESSAGE_MAX, 500)] {
        assert_eq!(most, name);
        assert_eq!(text::check(&"é".repeat(most), most), Ok(()));
        assert_eq!(text::check(&"é".repeat(most + 1), most), invalid("text"));
        assert_eq!(text::check("x", most), Ok(()));
        assert_eq!(text::check("", most), invalid("text"));
    }
}

#[test]
fn human_text_holds_nothing_that_deceives_the_eye() {
    let forbidden: [(u32, u32); 12] = [
        (0x0, 0x1f),
        (0x7f, 0x9f),
        (0xad, 0xad),
        (0x61c, 0x61c),
        (0x180e, 0x180e),
        (0x200b, 0x200f),
        (0x2028, 0x202e),
        (0x2060, 0x206f),
        (0xfe00, 0xfe0f),
        (0xfeff, 0xfeff),
        (0xfff9, 0xfffb),
        (0xe0001, 0x10_ffff),
    ];
    let listed = |code: u32| {
        forbidden
            .iter()
            .any(|(low, high)| (*low..=*high).contains(&code))
    };
    let edges = forbidden
        .iter()
        .flat_map(|(low, high)| [low.saturating_sub(1), *low, *high, high + 1]);
    for character in edges.chain(0x20..0x7f).filter_map(char::from_u32) {
        let code = u32::from(character);
        assert_eq!(text::is_forbidden(character), listed(code), "{code:x}");
    }
}
