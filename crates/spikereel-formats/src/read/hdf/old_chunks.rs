//! Values in chunks that a tree of version 1 lists: HDF5 file format specification, III.A.1.

use super::headers::{Headers, number};
use super::old_layout::NOWHERE;
use rust_hdf5::FilterPipeline;
use rust_hdf5::format::btree_v1::{ChunkBTreeV1Node, ChunkKey};
use rust_hdf5::format::messages::filter::reverse_filters_masked_into;
use std::collections::HashSet;
use std::ops::Range;

/// Bytes of a node of the tree in front of its entries.
const N_NODE_HEAD: u64 = 24;

/// Where chunks stand, how large they are, and how they were packed.
pub(super) struct Chunks {
    /// Address of the tree.
    pub tree: u64,
    /// Lengths of the axes of a chunk, none of them 0.
    pub dims: Vec<usize>,
    pub filters: FilterPipeline,
}

impl Chunks {
    /// Copies some rows of an array of `shape` into `values`, which is as long as these rows. The caller has checked that a chunk fits
    /// into memory.
    pub(super) fn read(
        &self,
        headers: &mut Headers,
        n_file_bytes: u64,
        shape: &[usize],
        rows: Range<usize>,
        element: usize,
        values: &mut [u8],
    ) -> Result<(), String> {
        if self.tree == NOWHERE {
            return Ok(());
        }
        let n_chunk_bytes = self.dims.iter().product::<usize>() * element;
        let mut unpacked = vec![0; n_chunk_bytes];
        // Nodes and chunks that overlap add up to more than the file.
        let (mut nodes, mut seen, mut n_left) = (vec![self.tree], HashSet::new(), n_file_bytes);
        let mut spend = |n_bytes: u64| match n_left.checked_sub(n_bytes) {
            Some(left) => {
                n_left = left;
                Ok(())
            }
            None => Err("chunks that overlap".to_string()),
        };
        while let Some(address) = nodes.pop() {
            if !seen.insert(address) {
                return Err("a tree of chunks that leads back".into());
            }
            let node = self.node(headers, address).ok_or("a tree of chunks that cannot be read")?;
            spend(N_NODE_HEAD + 8 * node.children.len() as u64)?;
            if node.level > 0 {
                nodes.extend(node.children);
                continue;
            }
            for (key, address) in node.keys.iter().zip(node.children) {
                let Some(start) = self.start(key, shape, &rows)? else { continue };
                let n_stored = u64::from(key.chunk_size);
                spend(n_stored)?;
                let stored = headers.bytes(address, n_stored).filter(|stored| stored.len() as u64 == n_stored);
                let stored = stored.ok_or("a chunk outside of the file")?;
                reverse_filters_masked_into(&self.filters, &stored, key.filter_mask, &mut unpacked)
                    .map_err(|error| error.to_string().chars().take(300).collect::<String>())?;
                self.copy(&unpacked, &start, shape, &rows, element, values);
            }
        }
        Ok(())
    }

    fn node(&self, headers: &mut Headers, address: u64) -> Option<ChunkBTreeV1Node> {
        let n_entries = number(headers.bytes(address, 8)?.get(6..8)?);
        let n_key_bytes = 8 + 8 * (self.dims.len() as u64 + 1);
        let n_bytes = N_NODE_HEAD + n_entries * (n_key_bytes + 8) + n_key_bytes;
        ChunkBTreeV1Node::decode(&headers.bytes(address, n_bytes)?, 8, self.dims.len(), u16::MAX).ok()
    }

    /// Where a chunk begins; none where it holds none of the rows.
    fn start(&self, key: &ChunkKey, shape: &[usize], rows: &Range<usize>) -> Result<Option<Vec<usize>>, String> {
        let mut start = Vec::with_capacity(shape.len());
        for ((&at, &len), &dim) in key.offsets.iter().zip(shape).zip(&self.dims) {
            match usize::try_from(at) {
                Ok(at) if at % dim != 0 => return Err(format!("a chunk that begins at {at}, between others")),
                Ok(at) if at < len => start.push(at),
                // An array that was made smaller keeps chunks beyond its end.
                _ => return Ok(None),
            }
        }
        let holds = start.first().is_some_and(|&at| at < rows.end && rows.start - rows.start.min(at) < self.dims[0]);
        Ok(holds.then_some(start))
    }

    /// Copies what a chunk and the rows share, one run along the last axis after another.
    fn copy(
        &self,
        chunk: &[u8],
        start: &[usize],
        shape: &[usize],
        rows: &Range<usize>,
        element: usize,
        values: &mut [u8],
    ) {
        let n_axes = shape.len();
        // Ranges inside of the chunk.
        let mut ranges: Vec<Range<usize>> =
            (0..n_axes).map(|axis| 0..self.dims[axis].min(shape[axis] - start[axis])).collect();
        ranges[0] = rows.start.saturating_sub(start[0])..ranges[0].end.min(rows.end - start[0]);
        let last = n_axes - 1;
        let mut at: Vec<usize> = ranges.iter().map(|range| range.start).collect();
        loop {
            let (mut from, mut to) = (0, 0);
            for axis in 0..n_axes {
                let first = if axis == 0 { rows.start } else { 0 };
                from = from * self.dims[axis] + at[axis];
                to = to * shape[axis] + start[axis] + at[axis] - first;
            }
            let n_bytes = ranges[last].len() * element;
            let (from, to) = (from * element, to * element);
            values[to..to + n_bytes].copy_from_slice(&chunk[from..from + n_bytes]);
            // The next run: as an odometer, all axes but the last.
            let Some(axis) = (0..last).rev().find(|&axis| at[axis] + 1 < ranges[axis].end) else { return };
            at[axis] += 1;
            for later in axis + 1..last {
                at[later] = ranges[later].start;
            }
        }
    }
}
