//! Is every entry the one that the tree has at its place? Where it is not, the two are brought into step again, so that one
//! removed entry is one finding and not a million.

use std::collections::HashMap;

use muster_protocol::digest::Digest;

use crate::finding::Finding;
use crate::tree::Tree;

/// How far ahead the tree is searched for an entry that is not where it should be.
const AHEAD: u64 = 1024;
/// Entries remembered as missing, in case they turn up elsewhere.
const MISSING: usize = 65_536;

/// Walks the tree beside the entries.
pub struct Places<'t> {
    tree: &'t Tree,
    expected: u64,
    ahead: std::collections::VecDeque<Digest>,
    missing: HashMap<Digest, u64>,
    /// What does not fit by itself, and what follows decides what it is: the lines, from where on.
    strange: Vec<u64>,
}

impl<'t> Places<'t> {
    /// Before the first entry.
    #[must_use]
    pub fn new(tree: &'t Tree) -> Self {
        Self {
            tree,
            expected: 0,
            ahead: std::collections::VecDeque::new(),
            missing: HashMap::new(),
            strange: Vec::new(),
        }
    }

    /// Takes the next line's leaf; `None` for a line that does not read. Answers the entry's number, where the tree has it.
    pub fn next(
        &mut self,
        line: u64,
        leaf: Option<&Digest>,
        out: &mut Vec<Finding>,
    ) -> Option<u64> {
        self.fill();
        let found = leaf.and_then(|leaf| self.ahead.iter().position(|hash| hash == leaf));
        match (found, leaf.and_then(|leaf| self.missing.get(leaf).copied())) {
            (Some(skipped), _) => {
                self.settle(skipped as u64, out);
                let index = self.expected;
                self.step();
                Some(index)
            }
            (None, Some(index)) => {
                if let Some(leaf) = leaf {
                    self.missing.remove(leaf);
                }
                out.push(Finding::Moved { index, line });
                Some(index)
            }
            (None, None) => {
                self.strange.push(line);
                // Without an end, a file of rubbish would be remembered whole.
                if self.strange.len() as u64 >= AHEAD {
                    self.settle(self.ahead.len() as u64, out);
                }
                None
            }
        }
    }

    /// After the last entry: what is still missing was removed.
    pub fn finish(mut self, out: &mut Vec<Finding>) {
        self.fill();
        self.settle(self.ahead.len() as u64, out);
        while self.expected < self.tree.size() {
            self.fill();
            let rest = self.ahead.len() as u64;
            self.settle(rest, out);
            if rest == 0 {
                break;
            }
        }
        let mut missing: Vec<u64> = self.missing.into_values().collect();
        missing.sort_unstable();
        out.extend(missing.into_iter().map(|index| Finding::Removed { index }));
    }

    /// `skipped` entries of the tree have no line, `strange` lines have no entry: pairwise they were changed; entries left over
    /// are missing for now, lines left over were inserted.
    fn settle(&mut self, skipped: u64, out: &mut Vec<Finding>) {
        let strange = std::mem::take(&mut self.strange);
        let mut lines = strange.into_iter();
        for _ in 0..skipped {
            let Some(hash) = self.ahead.front().copied() else {
                break;
            };
            let index = self.expected;
            match lines.next() {
                Some(_) => out.push(Finding::Changed { index }),
                None if self.missing.len() < MISSING => {
                    self.missing.insert(hash, index);
                }
                None => out.push(Finding::Removed { index }),
            }
            self.step();
        }
        let before = self.expected;
        out.extend(lines.map(|line| Finding::Inserted { line, before }));
    }

    fn step(&mut self) {
        self.ahead.pop_front();
        self.expected += 1;
    }

    fn fill(&mut self) {
        if self.ahead.len() as u64 > AHEAD / 2 {
            return;
        }
        let from = self.expected + self.ahead.len() as u64;
        let more = (self.tree.size() - from).min(AHEAD);
        if more > 0 {
            self.ahead
                .extend(self.tree.leaves(from, more).unwrap_or_default());
        }
    }
}
