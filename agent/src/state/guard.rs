//! Who else may write where the agent reads. Nobody: whoever can change the vendor's hooks runs programs as the agent, and
//! whoever can change its folder writes its memory.

use std::path::Path;

/// Refuses a file or folder that somebody else owns, or that others may write.
///
/// # Errors
/// A sentence: what is wrong and what to do.
#[cfg(unix)]
pub fn only_ours(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt as _;

    let found = std::fs::metadata(path)
        .map_err(|error| format!("cannot look at {}: {error}", path.display()))?;
    let own = rustix::process::geteuid().as_raw();
    judge(found.mode(), found.uid(), own).map_err(|fault| format!("{} {fault}", path.display()))
}

/// Refuses a folder in which anybody could put one file in another's place.
///
/// # Errors
/// A sentence: what is wrong and what to do.
#[cfg(unix)]
pub fn not_for_everybody(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt as _;

    const STICKY: u32 = 0o1000;
    let found = std::fs::metadata(path)
        .map_err(|error| format!("cannot look at {}: {error}", path.display()))?;
    if found.mode() & 0o002 != 0 && found.mode() & STICKY == 0 {
        return Err(format!(
            "{} may be written by everybody; take that right away with chmod o-w",
            path.display()
        ));
    }
    Ok(())
}

/// Makes a folder the agent's alone: mode 0700.
///
/// # Errors
/// Whatever the operating system says.
#[cfg(unix)]
pub fn close(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let found = std::fs::metadata(folder)?.permissions();
    if found.mode() & 0o077 == 0 {
        return Ok(());
    }
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}

/// The owner is the system or the agent itself, and nobody else may write.
#[cfg(unix)]
fn judge(mode: u32, owner: u32, own: u32) -> Result<(), &'static str> {
    if owner != 0 && owner != own {
        return Err("belongs to somebody else; give it to root or to the agent's own user");
    }
    if mode & 0o022 != 0 {
        return Err("may be written by others; take that right away with chmod go-w");
    }
    Ok(())
}

/// Elsewhere the system's own rights hold; there is no mode to look at.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn only_ours(_path: &Path) -> Result<(), String> {
    Ok(())
}

/// See [`only_ours`].
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn not_for_everybody(_path: &Path) -> Result<(), String> {
    Ok(())
}

/// See [`only_ours`].
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn close(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::judge;

    #[test]
    fn only_the_system_and_the_agent_may_own_and_write() {
        assert!(judge(0o100_600, 1000, 1000).is_ok());
        assert!(judge(0o100_644, 0, 1000).is_ok());
        assert!(judge(0o100_664, 1000, 1000).is_err_and(|fault| fault.contains("go-w")));
        assert!(judge(0o100_646, 0, 1000).is_err());
        assert!(judge(0o100_600, 1001, 1000).is_err_and(|fault| fault.contains("somebody else")));
        assert!(judge(0o100_600, 1001, 0).is_err());
    }
}
