//! Where a tile lies: the last part of its path (C2SP tlog-tiles).

/// Hashes, or entries, of a full tile.
pub const WIDTH: u64 = 256;

/// Which tile of a level, and how wide the reader wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TilePlace {
    /// The tile's index.
    pub index: u64,
    /// 1–255 for a partial tile, 256 for a full one.
    pub width: u64,
}

impl TilePlace {
    /// Reads `x001/x234/067` and `x001/x234/067.p/112`; `None` for every other form of the same number.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (path, width) = match path.split_once(".p/") {
            Some((path, width)) => (path, decimal(width, 255).filter(|width| *width > 0)?),
            None => (path, WIDTH),
        };
        let mut parts: Vec<&str> = path.split('/').collect();
        let last = parts.pop()?;
        let mut index = 0_u64;
        for part in &parts {
            index = index * 1000 + three(part.strip_prefix('x')?)?;
            // Five groups number more tiles than there will ever be, and do not overflow.
            if parts.len() > 5 {
                return None;
            }
        }
        index = index * 1000 + three(last)?;
        let place = Self { index, width };
        (place.path() == path).then_some(place)
    }

    /// The path of the index, without the width.
    #[must_use]
    pub fn path(self) -> String {
        let mut path = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            path = format!("x{:03}/{path}", rest % 1000);
            rest /= 1000;
        }
        path
    }
}

/// A tile's level, 0–7: an eighth of a tree's. More no log of less than 2^64 entries has.
#[must_use]
pub fn level(text: &str) -> Option<u32> {
    u32::try_from(decimal(text, 7)?).ok()
}

fn three(text: &str) -> Option<u64> {
    let fits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

fn decimal(text: &str, most: u64) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text && number <= most).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::{TilePlace, level};

    #[test]
    fn paths_are_those_of_the_specification() {
        let place = |index, width| Some(TilePlace { index, width });
        assert_eq!(TilePlace::parse("x001/x234/067"), place(1_234_067, 256));
        assert_eq!(
            TilePlace::parse("x001/x234/067.p/112"),
            place(1_234_067, 112)
        );
        assert_eq!(TilePlace::parse("000"), place(0, 256));
        for wrong in [
            "",
            "0",
            "1000",
            "x000/001",
            "x01/234",
            "001/234",
            "000.p/0",
            "000.p/256",
            "000.p/012",
            "x001/",
            "x999/x999/x999/x999/x999/x999/x999/999",
            "+01",
        ] {
            assert_eq!(TilePlace::parse(wrong), None, "{wrong}");
        }
        assert_eq!(
            (level("0"), level("7"), level("8"), level("01")),
            (Some(0), Some(7), None, None)
        );
    }
}
