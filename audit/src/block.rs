//! Blocks of lines, and work on their parts by several threads.

use std::io::{BufRead, Read};

use crate::export::LINE_MAX;

/// Lines of a block.
const LINES: usize = 4096;
/// Bytes of a block, whatever its lines.
const BYTES: usize = 4 * 1024 * 1024;

/// Some lines of a file, in one piece of memory.
#[derive(Debug, Default)]
pub struct Block {
    bytes: Vec<u8>,
    /// Where each line ends.
    ends: Vec<usize>,
}

impl Block {
    /// Reads the next lines; none at the end of the file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(reader: &mut impl BufRead) -> std::io::Result<Self> {
        let mut block = Self::default();
        while block.ends.len() < LINES && block.bytes.len() < BYTES {
            let begin = block.bytes.len();
            let most = LINE_MAX as u64 + 1;
            let mut limited = reader.by_ref().take(most);
            let read = limited.read_until(b'\n', &mut block.bytes)?;
            if read == 0 {
                break;
            }
            if read > LINE_MAX {
                // Too long to be an entry: a fault of the file, not of this program's memory.
                if block.bytes.last() != Some(&b'\n') {
                    reader.skip_until(b'\n')?;
                }
                block.bytes.truncate(begin);
            }
            block.ends.push(block.bytes.len());
        }
        Ok(block)
    }

    /// Whether it holds no line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Its lines.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let mut begin = 0;
        self.ends.iter().map(move |end| {
            let line = self.bytes.get(begin..*end).unwrap_or_default();
            begin = *end;
            line
        })
    }
}

/// `work` on every item, on so many threads, answers in the items' order.
pub fn on_threads<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    if items.len() <= 64 || threads <= 1 {
        return items.iter().map(work).collect();
    }
    let share = items.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> = items
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(work).collect::<Vec<R>>()))
            .collect();
        running
            .into_iter()
            .flat_map(|thread| match thread.join() {
                Ok(answers) => answers,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{Block, LINE_MAX};

    #[test]
    fn a_line_that_is_too_long_is_one_empty_line() {
        let mut file = b"one\n".to_vec();
        file.extend(vec![b'x'; 3 * LINE_MAX]);
        file.extend(b"\ntwo");
        let block = Block::read(&mut file.as_slice()).unwrap();
        let lines: Vec<&[u8]> = block.lines().collect();
        assert_eq!(lines, [b"one\n".as_slice(), b"", b"two"]);
    }
}
