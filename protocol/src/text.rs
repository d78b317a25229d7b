//! Text that people read: which characters it may hold (§4).

use crate::field::FieldError;

/// The longest `reason` of a command, in Unicode scalar values.
pub const REASON_MAX: usize = 200;
/// The longest `text` of a message, in Unicode scalar values.
pub const MESSAGE_MAX: usize = 500;

/// Checks human text: 1 to `max` scalar values, none of them a control, a direction override, an invisible or a tag character.
/// What approvers read must be what they see, on a terminal too.
///
/// # Errors
/// [`FieldError::Invalid`] named `text`.
pub fn check(text: &str, max: usize) -> Result<(), FieldError> {
    let mut length: usize = 0;
    for character in text.chars() {
        length = length.saturating_add(1);
        if length > max || is_forbidden(character) {
            return Err(FieldError::Invalid("text"));
        }
    }
    if length == 0 {
        return Err(FieldError::Invalid("text"));
    }
    Ok(())
}

/// Whether §4 forbids the character in human text.
#[must_use]
pub const fn is_forbidden(character: char) -> bool {
    matches!(character,
        '\u{0000}'..='\u{001F}'
        | '\u{007F}'..='\u{009F}'
        | '\u{00AD}'
        | '\u{061C}'
        | '\u{180E}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}'
        | '\u{FFF9}'..='\u{FFFB}')
        || character as u32 > 0xE_0000
}
