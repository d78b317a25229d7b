//! One file, written so that after a power cut it is the old one or the new one, whole, and never something between.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Writes `bytes` beside `path`, syncs them, renames over `path` and syncs the folder: when this returns, the new
/// content survives a power cut. Readable by the agent's own user only.
///
/// # Errors
/// Whatever the operating system says; `path` then still holds what it held.
pub fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path
        .parent()
        .ok_or_else(|| io::Error::other("a file without a folder"))?;
    let mut name = path
        .file_name()
        .ok_or_else(|| io::Error::other("a path without a name"))?
        .to_owned();
    name.push(".new");
    let beside = folder.join(name);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&beside, path)?;
    sync_folder(folder)
}

/// Makes renames and removals in `folder` survive a power cut.
///
/// # Errors
/// Whatever the operating system says.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Overwrites a file with zeros, removes it and syncs the folder. Gone already is as good as removed. On flash storage
/// overwriting proves little; what makes data unreadable there is the phone's own crypto-erase.
///
/// # Errors
/// Whatever the operating system says.
pub fn destroy(path: &Path) -> io::Result<()> {
    let length = match fs::metadata(path) {
        Ok(metadata) => usize::try_from(metadata.len()).unwrap_or(0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(&vec![0; length])?;
    file.sync_all()?;
    fs::remove_file(path)?;
    path.parent().map_or(Ok(()), sync_folder)
}
