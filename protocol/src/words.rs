//! Bytes as words that two people can compare aloud: 256 distinct short words, one a byte. Five words of an enrolment id are
//! compared at the counter; a fleet fingerprint is 32 words and can be typed in from a card.

/// One word for each value of a byte, in alphabetical order. Part of the protocol: the order never changes.
#[rustfmt::skip]
pub const WORDS: [&str; 256] = [
    "acorn", "actor", "alarm", "album", "amber", "anchor", "angle", "ankle", "apple", "apron",
    "arch", "arrow", "aspen", "atlas", "attic", "autumn", "bacon", "badge", "bagel", "baker",
    "bamboo", "banjo", "barn", "basil", "basket", "beach", "beaver", "bell", "berry", "birch",
    "bison", "blanket", "blossom", "boat", "bonfire", "bottle", "boulder", "bracket", "branch",
    "brass", "bread", "brick", "bridge", "broom", "brush", "bucket", "butter", "button", "cabin",
    "cactus", "camel", "camera", "candle", "canoe", "canyon", "carbon", "cargo", "carpet", "carrot",
    "castle", "cedar", "cello", "chalk", "cherry", "chess", "chimney", "cider", "circle", "clay",
    "cliff", "cloud", "clover", "cobalt", "cobweb", "coffee", "comet", "compass", "copper", "coral",
    "cotton", "cradle", "crane", "crater", "crayon", "cricket", "crown", "crystal", "curtain",
    "cypress", "daisy", "dawn", "deer", "delta", "desert", "diamond", "dolphin", "donkey", "drum",
    "eagle", "easel", "echo", "elbow", "elm", "ember", "engine", "falcon", "feather", "fence",
    "fern", "ferry", "fiddle", "finch", "flag", "flint", "flute", "forest", "fossil", "fountain",
    "fox", "frost", "galaxy", "garden", "garlic", "geyser", "ginger", "glacier", "glove", "goblet",
    "granite", "grape", "gravel", "guitar", "hammer", "harbour", "harp", "hazel", "hedge", "helmet",
    "heron", "hill", "honey", "hornet", "igloo", "indigo", "island", "ivory", "ivy", "jacket",
    "jasmine", "jelly", "jewel", "jigsaw", "juniper", "kayak", "kernel", "kettle", "kitten", "kiwi",
    "koala", "ladder", "lagoon", "lantern", "lapwing", "lemon", "lettuce", "lilac", "lily",
    "lizard", "lobster", "locket", "lotus", "lunar", "magnet", "magpie", "mango", "maple", "marble",
    "meadow", "melon", "meteor", "mirror", "mitten", "mosaic", "moss", "moth", "muffin", "mustard",
    "napkin", "nectar", "needle", "nettle", "nickel", "nutmeg", "oak", "oasis", "ocean", "olive",
    "onion", "opal", "orbit", "orchid", "otter", "owl", "oyster", "paddle", "palace", "panda",
    "paper", "parrot", "pasture", "peach", "pebble", "pelican", "pepper", "piano", "pigeon",
    "pillow", "pine", "planet", "plum", "pocket", "pollen", "pond", "poppy", "quartz", "quilt",
    "rabbit", "radish", "raven", "ribbon", "river", "robin", "saddle", "saffron", "salmon", "satin",
    "scarf", "shell", "silver", "sparrow", "spiral", "spoon", "tiger", "tower", "tulip", "tunnel",
    "turtle", "velvet", "violin", "wagon", "walnut", "wheat", "whistle", "willow", "window",
    "zebra",
];

/// How many words of an enrolment id are shown for comparison (§13).
pub const ENROLMENT_WORDS: usize = 5;

/// One word for each byte.
#[must_use]
pub fn words(bytes: &[u8]) -> Vec<&'static str> {
    bytes
        .iter()
        .filter_map(|byte| WORDS.get(usize::from(*byte)).copied())
        .collect()
}

/// The first words of an enrolment id, as phone and portal show them.
#[must_use]
pub fn enrolment_words(enrolment: &crate::ids::EnrolmentId) -> Vec<&'static str> {
    words(enrolment.digest().as_bytes())
        .into_iter()
        .take(ENROLMENT_WORDS)
        .collect()
}

/// The bytes that typed words stand for: parted by white space or hyphens, in any case. None when a word is not among the 256.
#[must_use]
pub fn from_words(text: &str) -> Option<Vec<u8>> {
    text.split(|character: char| character.is_whitespace() || character == '-')
        .filter(|word| !word.is_empty())
        .map(|word| {
            let word = word.to_ascii_lowercase();
            let at = WORDS.binary_search(&word.as_str()).ok()?;
            u8::try_from(at).ok()
        })
        .collect()
}
