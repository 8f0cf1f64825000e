//! Every data file is accounted for: what stands in `data/` is named in `data/README.md`, with origin and license, and what is
//! no text stands in a folder for it.

use super::tree::Tree;
use super::{Finding, Rule};

/// Where data files and their list stand.
const FOLDER: &str = "data/";
const LIST: &str = "data/README.md";

/// Folders that may hold files that are no text.
const HOLD_DATA: [&str; 4] = ["data", "tests", "fonts", "docs"];

/// Checks the data folder against its list, both ways, and that no other file is data.
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
    let strays = tree.files.iter().filter(|file| file.text.is_none() && !may_be_data(&file.path)).map(|file| {
        let message =
            format!("no text, and in none of the folders {}; was it downloaded or built here?", HOLD_DATA.join(", "));
        Finding::new(Rule::DataList, &file.path, 1, message)
    });
    unlisted.chain(missing).chain(strays).collect()
}

fn may_be_data(path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(folder, _)| folder.split('/').any(|part| HOLD_DATA.contains(&part)))
}

#[cfg(test)]
mod tests {
    use super::super::tree::SourceFile;
    use super::*;

    #[test]
    fn a_file_that_is_no_text_must_stand_in_a_folder_for_it() {
        let found = |path: &str| check(&Tree { files: vec![SourceFile { path: path.into(), text: None }] }).len();
        assert_eq!((found("a.whl"), found("crates/a/src/b.bin")), (1, 1));
        assert_eq!((found("crates/a/tests/golden/b.npy"), found("docs/picture.png")), (0, 0));
    }

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
