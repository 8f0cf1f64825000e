//! Object headers, for what the library beneath does not hand out: attributes of groups that are no texts, and datasets of an old form.
//! They are looked up from the superblock along the names of a path (HDF5 file format specification, sections II to IV).
//!
//! Old groups (a tree of symbol tables) and new ones are read, the latter with links and attributes in the header or, where they are
//! many, in a heap.

use super::file::MAX_PATH;
use rust_hdf5::format::btree_v1::BTreeV1Node;
use rust_hdf5::format::dense_attr::read_dense_attributes;
use rust_hdf5::format::dense_link::read_dense_links;
use rust_hdf5::format::local_heap::{LocalHeapHeader, local_heap_get_string};
use rust_hdf5::format::messages::attr_info::AttributeInfoMessage;
use rust_hdf5::format::messages::attribute::AttributeMessage;
use rust_hdf5::format::messages::link::{LinkMessage, LinkTarget};
use rust_hdf5::format::messages::link_info::LinkInfoMessage;
use rust_hdf5::format::superblock::{SuperblockV0V1, SuperblockV2V3};
use rust_hdf5::format::symbol_table::SymbolTableNode;
use rust_hdf5::format::{BlockReader, FormatContext, FormatError, FormatResult};
use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

const LINK_INFO: u8 = 0x02;
const LINK: u8 = 0x06;
pub(super) const ATTRIBUTE: u8 = 0x0c;
const CONTINUATION: u8 = 0x10;
const SYMBOL_TABLE: u8 = 0x11;
const ATTRIBUTE_INFO: u8 = 0x15;
/// Flag of a message whose content stands elsewhere.
const SHARED: u8 = 2;
/// Bytes of a superblock of any version, and of the start of an object header, with room to spare.
const N_START_BYTES: u64 = 128;
/// Bytes of a node of a tree or symbol table: no K that a library writes by itself needs as many.
const N_NODE_BYTES: u64 = 1 << 14;

/// Object headers of a file, found by path.
pub(super) struct Headers {
    source: File,
    base: u64,
    n_bytes: u64,
    context: FormatContext,
    root: u64,
    /// Addresses of what stands in a group, by the group's address.
    children: HashMap<u64, Rc<HashMap<String, u64>>>,
    /// A path to each object, by its address; filled when the first one is asked for.
    paths: Option<HashMap<u64, String>>,
}

/// A header's message: its type and content.
pub(super) type Message = (u8, Vec<u8>);

impl Headers {
    /// None where the file begins in a way that is not read here.
    pub(super) fn open(path: &Path, base: u64, n_bytes: u64) -> Option<Self> {
        let context = FormatContext { sizeof_addr: 8, sizeof_size: 8 };
        let source = File::open(path).ok()?;
        let mut opened = Self { source, base, n_bytes, context, root: 0, children: HashMap::new(), paths: None };
        let start = opened.bytes(0, N_START_BYTES)?;
        let (n_address, n_length);
        (opened.root, n_address, n_length) = match *start.get(8)? {
            0 | 1 => {
                let block = SuperblockV0V1::decode(&start).ok()?;
                (block.root_symbol_table_entry.obj_header_addr, block.sizeof_offsets, block.sizeof_lengths)
            }
            _ => {
                let block = SuperblockV2V3::decode(&start).ok()?;
                (block.root_group_object_header_address, block.sizeof_offsets, block.sizeof_lengths)
            }
        };
        (n_address == 8 && n_length == 8).then_some(opened)
    }

    /// Widths of addresses and lengths.
    pub(super) fn context(&self) -> FormatContext {
        self.context
    }

    /// The messages of the object at a path without links.
    pub(super) fn messages_at(&mut self, path: &str) -> Option<Vec<Message>> {
        let address = path.split('/').filter(|part| !part.is_empty()).try_fold(self.root, |at, part| {
            let children = self.children(at)?;
            children.get(part).copied()
        })?;
        self.messages(address)
    }

    /// A path to the object at an address; none where no group leads there.
    pub(super) fn path_of(&mut self, address: u64) -> Option<String> {
        if self.paths.is_none() {
            self.paths = Some(self.all_paths());
        }
        self.paths.as_ref()?.get(&address).cloned()
    }

    fn all_paths(&mut self) -> HashMap<u64, String> {
        let (mut paths, mut groups) = (HashMap::from([(self.root, String::new())]), VecDeque::from([self.root]));
        while let Some(group) = groups.pop_front() {
            let (Some(children), Some(parent)) = (self.children(group), paths.get(&group).cloned()) else { continue };
            for (name, &address) in children.iter() {
                if parent.len() + name.len() < MAX_PATH && !paths.contains_key(&address) {
                    paths.insert(address, format!("{parent}/{name}"));
                    groups.push_back(address);
                }
            }
        }
        paths
    }

    /// The attribute of the group at a path without links.
    pub(super) fn attr(&mut self, path: &str, name: &str) -> Option<AttributeMessage> {
        let messages = self.messages_at(path)?;
        for (kind, content) in messages {
            let attributes = match kind {
                ATTRIBUTE => AttributeMessage::decode(&content, &self.context).map(|(attribute, _)| vec![attribute]),
                ATTRIBUTE_INFO => self.dense_attributes(&content),
                _ => continue,
            };
            let found = attributes.unwrap_or_default().into_iter().find(|attribute| attribute.name == name);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn dense_attributes(&mut self, info: &[u8]) -> FormatResult<Vec<AttributeMessage>> {
        let context = self.context;
        let (info, _) = AttributeInfoMessage::decode(info, &context)?;
        let entries = read_dense_attributes(&info, &context, self)?;
        Ok(entries.iter().filter_map(|entry| entry.readable().cloned()).collect())
    }

    fn dense_links(&mut self, info: &[u8]) -> FormatResult<Vec<LinkMessage>> {
        let context = self.context;
        let (info, _) = LinkInfoMessage::decode(info, &context)?;
        read_dense_links(&info, &context, self)
    }

    /// Up to `n_bytes` from an address on, fewer at the end of the file.
    pub(super) fn bytes(&mut self, address: u64, n_bytes: u64) -> Option<Vec<u8>> {
        let at = address.checked_add(self.base).filter(|at| *at < self.n_bytes)?;
        let n_bytes = n_bytes.min(self.n_bytes - at);
        let mut bytes = Vec::new();
        self.source.seek(SeekFrom::Start(at)).ok()?;
        (&mut self.source).take(n_bytes).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// The messages of an object header, those of its continuations included.
    fn messages(&mut self, address: u64) -> Option<Vec<Message>> {
        let start = self.bytes(address, N_START_BYTES)?;
        let is_old = !start.starts_with(b"OHDR");
        let (skipped, n_bytes, with_order) = if is_old {
            (16, number(start.get(8..12)?), false)
        } else {
            let flags = *start.get(5)?;
            let width = 1 << (flags & 3);
            let at = 6 + if flags & 0x20 == 0 { 0 } else { 16 } + if flags & 0x10 == 0 { 0 } else { 4 };
            (at + width, number(start.get(at..at + width)?), flags & 4 != 0)
        };
        let (mut messages, mut blocks, mut n_left) =
            (Vec::new(), vec![(address + skipped as u64, n_bytes)], self.n_bytes);
        while let Some((address, n_bytes)) = blocks.pop() {
            // Blocks that overlap, or lead back to themselves, add up to more than the file.
            n_left = n_left.checked_sub(n_bytes.max(1))?;
            let block = self.bytes(address, n_bytes)?;
            for (kind, content) in if is_old { old_messages(&block) } else { new_messages(&block, with_order) } {
                if kind != CONTINUATION {
                    messages.push((kind, content.to_vec()));
                } else if let (Some(address), Some(n_bytes)) = (content.get(..8), content.get(8..16)) {
                    // A new block stands between a signature and a checksum.
                    let (before, around) = if is_old { (0, 0) } else { (4, 8) };
                    blocks.push((number(address).checked_add(before)?, number(n_bytes).checked_sub(around)?));
                }
            }
        }
        Some(messages)
    }

    fn children(&mut self, group: u64) -> Option<Rc<HashMap<String, u64>>> {
        if let Some(known) = self.children.get(&group) {
            return Some(Rc::clone(known));
        }
        let mut found = HashMap::new();
        for (kind, content) in self.messages(group)? {
            let links = match kind {
                LINK => LinkMessage::decode(&content, &self.context).map(|(link, _)| vec![link]),
                LINK_INFO => self.dense_links(&content),
                SYMBOL_TABLE => {
                    self.symbols(number(content.get(..8)?), number(content.get(8..16)?), &mut found)?;
                    continue;
                }
                _ => continue,
            };
            for link in links.unwrap_or_default() {
                if let LinkTarget::Hard { address } = link.target {
                    found.insert(link.name, address);
                }
            }
        }
        let found = Rc::new(found);
        self.children.insert(group, Rc::clone(&found));
        Some(found)
    }

    /// The names in a tree of symbol tables.
    fn symbols(&mut self, tree: u64, heap: u64, found: &mut HashMap<String, u64>) -> Option<()> {
        let header = ok(LocalHeapHeader::decode(&self.bytes(heap, N_START_BYTES)?, 8, 8))?;
        let names = self.bytes(header.data_addr, header.data_size)?;
        let (mut nodes, mut seen, mut n_left) = (vec![tree], HashSet::new(), self.n_bytes);
        while let Some(address) = nodes.pop() {
            if !seen.insert(address) {
                return None;
            }
            let node = self.bytes(address, N_NODE_BYTES)?;
            if node.starts_with(b"TREE") {
                let node = ok(BTreeV1Node::decode(&node, 8, 8, u16::MAX))?;
                n_left = n_left.checked_sub(8 * (1 + node.children.len() as u64))?;
                nodes.extend(node.children);
                continue;
            }
            let entries = ok(SymbolTableNode::decode(&node, 8, 8, u16::MAX))?.entries;
            n_left = n_left.checked_sub(8 * (1 + entries.len() as u64))?;
            for entry in entries {
                found.insert(ok(local_heap_get_string(&names, entry.name_offset))?, entry.obj_header_addr);
            }
        }
        Some(())
    }
}

impl BlockReader for Headers {
    fn read_block(&mut self, offset: u64, len: usize) -> FormatResult<Vec<u8>> {
        let outside = || FormatError::InvalidData("an address outside of the file".into());
        self.bytes(offset, len as u64).ok_or_else(outside)
    }
}

fn ok<T>(decoded: FormatResult<T>) -> Option<T> {
    decoded.ok()
}

/// Messages of version 1: type (2), length (2), flags (1), reserved (3), content, padded to 8.
fn old_messages(mut block: &[u8]) -> Vec<(u8, &[u8])> {
    let mut messages = Vec::new();
    while let Some((head, rest)) = block.split_first_chunk::<8>() {
        let n_bytes = number(&head[2..4]) as usize;
        let Some(content) = rest.get(..n_bytes) else { break };
        if head[1] == 0 && head[4] & SHARED == 0 {
            messages.push((head[0], content));
        }
        block = rest.get(n_bytes.next_multiple_of(8)..).unwrap_or_default();
    }
    messages
}

/// Messages of version 2: type (1), length (2), flags (1), order (2, in some headers), content.
fn new_messages(mut block: &[u8], with_order: bool) -> Vec<(u8, &[u8])> {
    let (mut messages, n_head) = (Vec::new(), if with_order { 6 } else { 4 });
    while let Some((head, rest)) = block.split_at_checked(n_head) {
        let n_bytes = number(&head[1..3]) as usize;
        let Some(content) = rest.get(..n_bytes) else { break };
        if head[3] & SHARED == 0 {
            messages.push((head[0], content));
        }
        block = &rest[n_bytes..];
    }
    messages
}

/// A little-endian number of up to 8 bytes.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}
