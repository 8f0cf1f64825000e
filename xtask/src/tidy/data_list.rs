//! Every data file is accounted for: what stands in `data/` is named in `data/README.md`, with origin and license.

use super::tree::Tree;
use super::{Finding, Rule};

/// Where data files and their list stand.
const FOLDER: &str = "data/";
const LIST: &str = "data/README.md";

/// Checks the data folder against its list, both ways.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let list = tree.text(LIST).unwrap_or_default();
    let names: Vec<&str> = tree.files.iter().filter_map(|file| file.path.strip_prefix(FOLDER)).collect();
    let unlisted = tree.files.iter().filter(|file| file.path != LIST).filter_map(|file| {
        let name = file.path.strip_prefix(FOLDER)?;
        let message = format!("not listed in {LIST}; add `{name}` with its origin and license");
        (!list.contains(&format!("`{name}`"))).then(|| Finding::new(Rule::DataList, &file.path, 1, message))
    });
    let missing = list.lines().enumerate().filter_map(|(idx, line)| {
        let name = line.strip_prefix("| `")?.split('`').next().filter(|name| name.contains('.'))?; // not an array's name
        let message = format!("lists `{name}`, which is not in {FOLDER}; add the file or remove the row");
        (!names.contains(&name)).then(|| Finding::new(Rule::DataList, LIST, idx + 1, message))
    });
    unlisted.chain(missing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_file_must_be_listed() {
        let readme = (LIST, "| `a.npz` | x |\n");
        assert!(check(&Tree::of(&[("data/a.npz", ""), readme])).is_empty());
        let found = check(&Tree::of(&[("data/a.npz", ""), ("data/b.npz", ""), readme]));
        assert_eq!((found.len(), found[0].path.as_str()), (1, "data/b.npz"));
        assert_eq!(check(&Tree::of(&[("data/a.npz", "")])).len(), 1);
    }

    #[test]
    fn a_listed_file_must_be_there() {
        let found = check(&Tree::of(&[(LIST, "# Data\n| `a.npz` | x |\n| `counts` | an array |\n")]));
        assert_eq!((found.len(), found[0].line), (1, 2));
    }
}
