//! How much memory this program takes (proc(5), status).

use crate::Outcome;

/// Now and at its height, in words.
///
/// # Errors
/// There is no proc file system.
pub fn words() -> Outcome<String> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        line.map_or("unknown", |line| line[name.len()..].trim())
            .to_owned()
    };
    Ok(format!(
        "{} now, {} at its height",
        field("VmRSS:"),
        field("VmHWM:")
    ))
}
