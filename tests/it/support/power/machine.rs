//! A disk, of which only what was synced lasts.
//!
//! A write lasts from a sync on that began after it; a name, from a sync of its directory on.
//! After a failed sync the kernel takes its pages for written, though they are not: they never
//! land, unless they are written again.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use lookout::zoom::Key;

use super::Cuts;
use super::trace::Step;

/// A disk and the process that writes it, as far as it was traced.
pub struct Machine {
    /// Only what is below is looked at.
    pub above: PathBuf,
    files: Vec<File>,
    /// What leads where, now and after a power cut.
    names: BTreeMap<PathBuf, Place>,
    lasting: BTreeMap<PathBuf, Place>,
    open: HashMap<i64, (PathBuf, Place)>,
    /// What has come of each request.
    requests: HashMap<i64, Vec<u8>>,
    /// Syncs under way: of which place, and what they cover.
    syncs: HashMap<u32, (Place, Covered)>,
    writes: u64,
}

/// What a name leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    File(usize),
    Directory,
}

/// What there was when a sync began.
enum Covered {
    WritesUpTo(u64),
    Names(PathBuf, BTreeMap<PathBuf, Place>),
}

#[derive(Default)]
struct File {
    lasting: Vec<u8>,
    pending: Vec<Write>,
}

struct Write {
    number: u64,
    offset: usize,
    bytes: Vec<u8>,
    /// It cuts the file off at `offset` instead.
    truncates: bool,
}

impl Write {
    fn land(&self, file: &mut Vec<u8>, length: usize) {
        if self.truncates {
            return file.resize(self.offset, 0);
        }
        let length = length.min(self.bytes.len());
        if length > 0 {
            file.resize(file.len().max(self.offset + length), 0);
            file[self.offset..self.offset + length].copy_from_slice(&self.bytes[..length]);
        }
    }
}

impl Machine {
    pub fn new(above: &Path) -> Self {
        let root = BTreeMap::from([(above.to_owned(), Place::Directory)]);
        Self {
            above: above.to_owned(),
            files: Vec::new(),
            names: root.clone(),
            lasting: root,
            open: HashMap::new(),
            requests: HashMap::new(),
            syncs: HashMap::new(),
            writes: 0,
        }
    }

    pub fn take(&mut self, step: &Step, cuts: &mut Cuts) {
        let of = step.descriptor();
        match (step.call.as_str(), step.result) {
            ("fsync" | "fdatasync", None) => self.begin_sync(step),
            ("fsync" | "fdatasync", Some(result)) => {
                if result == 0 {
                    cuts.syncs += 1
                } else {
                    cuts.failed_syncs += 1
                }
                self.end_sync(step.process, result == 0);
            }
            ("write" | "writev" | "sendto", None) if !self.open.contains_key(&of) => {
                cuts.acknowledged.extend(self.answered(step));
            }
            ("close", None) => {
                self.open.remove(&of);
                self.requests.remove(&of);
            }
            (_, None | Some(-1)) => {}
            ("openat", Some(descriptor)) => self.opened(step, descriptor),
            ("mkdir", Some(_)) => drop(self.names.insert(self.path(step), Place::Directory)),
            ("unlink", Some(_)) => drop(self.names.remove(&self.path(step))),
            ("read" | "readv" | "recvfrom", Some(_)) if !self.open.contains_key(&of) => {
                self.requests.entry(of).or_default().extend(step.bytes());
            }
            ("pwrite64", Some(written)) => {
                let mut bytes = step.bytes();
                bytes.truncate(usize::try_from(written).expect("it is no failure"));
                self.wrote(of, step.last_number(), bytes, false);
            }
            ("ftruncate", Some(_)) => self.wrote(of, step.last_number(), Vec::new(), true),
            ("rename" | "write" | "writev" | "sendto", _) if self.open.contains_key(&of) => {
                panic!("a journal is not written so: {step:?}")
            }
            _ => {}
        }
    }

    /// The process ends: what it has open is closed, and syncs under way have failed.
    pub fn end_life(&mut self, cuts: &mut Cuts) {
        let under_way: Vec<_> = self.syncs.keys().copied().collect();
        cuts.failed_syncs += under_way.len();
        under_way.into_iter().for_each(|process| self.end_sync(process, false));
        self.open.clear();
        self.requests.clear();
    }

    fn opened(&mut self, step: &Step, descriptor: i64) {
        let path = self.path(step);
        if !path.starts_with(&self.above) {
            return;
        }
        let is_new = !self.names.contains_key(&path) && step.has("O_CREAT");
        if is_new {
            self.names.insert(path.clone(), Place::File(self.files.len()));
            self.files.push(File::default());
        }
        if let Some(place) = self.names.get(&path) {
            self.open.insert(descriptor, (path, *place));
        }
    }

    fn wrote(&mut self, of: i64, offset: u64, bytes: Vec<u8>, truncates: bool) {
        let Some((_, Place::File(file))) = self.open.get(&of) else { return };
        let offset = usize::try_from(offset).expect("a file fits into memory");
        self.writes += 1;
        let write = Write { number: self.writes, offset, bytes, truncates };
        self.files[*file].pending.push(write);
    }

    fn begin_sync(&mut self, step: &Step) {
        let Some((path, place)) = self.open.get(&step.descriptor()) else { return };
        let covered = match place {
            Place::File(_) => Covered::WritesUpTo(self.writes),
            Place::Directory => {
                let names = self.names.iter().filter(|(name, _)| name.parent() == Some(path));
                let names = names.map(|(name, place)| (name.clone(), *place)).collect();
                Covered::Names(path.clone(), names)
            }
        };
        self.syncs.insert(step.process, (*place, covered));
    }

    fn end_sync(&mut self, process: u32, succeeded: bool) {
        match self.syncs.remove(&process) {
            Some((Place::File(file), Covered::WritesUpTo(last))) => {
                let file = &mut self.files[file];
                for write in file.pending.extract_if(.., |write| write.number <= last) {
                    if succeeded {
                        write.land(&mut file.lasting, write.bytes.len());
                    }
                }
            }
            Some((_, Covered::Names(directory, names))) if succeeded => {
                self.lasting.retain(|name, _| name.parent() != Some(&directory));
                self.lasting.extend(names);
            }
            _ => {}
        }
    }

    /// The key of what `step` answers with 204.
    fn answered(&mut self, step: &Step) -> Option<String> {
        if !step.bytes().starts_with(b"HTTP/1.1 204 ") {
            return None;
        }
        let request = self.requests.remove(&step.descriptor())?;
        let end = request.windows(4).position(|four| four == b"\r\n\r\n")?;
        Some(Key::of(&request[end + 4..]).to_string())
    }

    /// Writes what is left into `disk`; of each write under way, as much as `landed` says.
    pub fn after_a_cut(&self, disk: &Path, mut landed: impl FnMut(usize) -> usize) {
        for (name, place) in &self.lasting {
            let Place::File(file) = place else { continue };
            // Nothing leads to it where a directory above it is not there.
            let above = name.ancestors().skip(1).take_while(|above| *above != self.above);
            if above.into_iter().any(|above| !self.lasting.contains_key(above)) {
                continue;
            }
            let File { lasting, pending } = &self.files[*file];
            let mut bytes = lasting.clone();
            for write in pending {
                let length = landed(write.bytes.len());
                if !write.truncates {
                    write.land(&mut bytes, length);
                }
            }
            let path = disk.join(name.strip_prefix(&self.above).expect("it is below"));
            fs::create_dir_all(path.parent().expect("below")).expect("made");
            fs::write(path, bytes).expect("written");
        }
    }

    /// The path in `step`; the process is at home in the directory that is looked at.
    fn path(&self, step: &Step) -> PathBuf {
        self.above.join(String::from_utf8(step.bytes()).expect("paths are UTF-8"))
    }
}
