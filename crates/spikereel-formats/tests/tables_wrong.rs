//! What is wrong with a table or a MATLAB file is told with file, line and remedy.

mod common;

use common::bundles::Folder;

const SIDECAR: &str = r#"format = 1
files = ["t.csv", "day.mat"]
[spikes]
times = "time"
site_of_spike = "site"
align = "time"
[sites]
region = ["a", "b"]
[trials]
factors = ["shape"]
"#;

/// The error of this table.
fn table(bytes: impl AsRef<[u8]>) -> String {
    Folder::new().put("t.csv", bytes).error(SIDECAR)
}

#[test]
fn rows_and_headers_that_are_not_whole_are_refused() {
    assert_eq!(
        table("time,site,shape\n1,0,x\n2,1\n"),
        "t.csv: line 3: expected 3 cells, as the header has, got 2 (hint: write every row in full; a cell with a comma stands in double quotes)"
    );
    assert_eq!(
        table("time,site,shape\n1,0,x\n\n2,1,x,y\n"),
        table("time,site,shape\n1,0,x\n2,1,x,y\n").replace("line 3", "line 4")
    );
    let crlf = "time,site,shape\r\n1,0,\"x\r\ny\"\r\n\r\n\r\n2,1\r\n";
    assert!(table(crlf).starts_with("t.csv: line 6: expected 3 cells"), "{}", table(crlf));
    assert_eq!(
        table(""),
        "t.csv: header: expected a name for each column in the first row, got an empty file (hint: put names into the first row, such as \
         `trial,onset,shape`)"
    );
    assert!(
        table("1,0,2.5\n2,1,3\n").contains("header: expected a name for each column in the first row, got `1,0,2.5`")
    );
    assert_eq!(
        table("time;site;shape\n1;0;x\n"),
        "t.csv: header: expected several columns, got one, `time;site;shape` (hint: save it with commas between the cells and points in numbers, \
         or tabs and the ending .tsv)"
    );
    assert!(
        table("time\tsite\n1\t0\n")
            .ends_with("(hint: there are tabs between the cells; give the file the ending .tsv)")
    );
    assert_eq!(
        table("time,time\n1,2\n"),
        "t.csv: header: expected each name once, got `time` twice (hint: rename one of the columns)"
    );
    let wide: String = (0..20_001).map(|at| format!("c{at},")).collect();
    assert!(
        table(wide + "\n").contains("header: expected at most 20000 columns, got 20002 (hint: put one value a row")
    );
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    assert_eq!(
        table(b"time,site,shape\n1,0,caf\xe9\n"),
        "t.csv: line 2, column 3: expected text in UTF-8, got the byte 0xe9 (hint: save it as \"CSV UTF-8\", or in Python by df.to_csv(..., \
         encoding=\"utf-8\"))"
    );
    assert!(table(b"\xff\xfet\0i\0").starts_with("t.csv: file: expected text in UTF-8, got UTF-16 (hint: "));
    assert!(table(b"time,site\n1,\0\n").starts_with("t.csv: line 2, column 2: expected text, got a zero byte (hint: "));
}

#[test]
fn a_quote_that_is_never_closed_is_told_before_it_takes_memory() {
    let long = "x".repeat(2 << 20);
    assert_eq!(
        table(format!("time,shape\n1,{long}\n")),
        "t.csv: line 2, column 2: expected a cell of at most 1048576 bytes, got 2097152 (hint: a double quote may not be closed; within a cell \
         it is written twice)"
    );
    let rows = "1,x\n".repeat(5 << 20);
    assert_eq!(
        table(format!("time,shape\n1,x\n1,\"x\n{rows}")),
        "t.csv: line 3: expected a row of at most 16777216 bytes, got more (hint: a double quote may not be closed; within a cell it is written \
         twice)"
    );
}

#[test]
fn names_in_two_files_are_told_apart() {
    let folder = Folder::new();
    folder.put("t.csv", "time,site,shape\n1,0,x\n2,1,y\n").put("u.csv", "time\n1\n2\n");
    let two = SIDECAR.replace("\"day.mat\"", "\"u.csv\"");
    assert_eq!(
        folder.error(&two),
        "a.toml: spikes.times: expected an array in one file, got `time` in 2 (hint: write `t.csv:time` or `u.csv:time`)"
    );
    assert!(folder.read(&two.replace("\"time\"", "\"u.csv:time\"")).is_ok());
    assert_eq!(
        folder.error(&two.replace("\"time\"", "\"v.csv:time\"")),
        "a.toml: spikes.times: expected the name of an array, got `v.csv:time` (hint: there are `time` [2] <f8, `site` [2] <f8, `shape` [2] text, \
         `time` [2] <f8)"
    );
}

#[test]
fn sites_that_spikes_name_must_be_there() {
    let folder = Folder::new();
    folder.put("t.csv", "time,site,shape\n1,u7,x\n2,u8,y\n");
    assert_eq!(
        folder.error(SIDECAR),
        "a.toml: spikes.site_of_spike, dtype: expected numbers, got text, `<U2` (hint: positions count from 0; where these are ids of \
         `sites.ids`, write site_of_spike_by = \"id\")"
    );
    let by_id = SIDECAR
        .replace("align", "site_of_spike_by = \"id\"\nalign")
        .replace("region", "ids = [\"u7\", \"u9\"]\nregion");
    assert_eq!(
        folder.error(&by_id),
        "a.toml: spikes.site_of_spike: expected ids of `sites.ids`, got `u8` at spike 1 (hint: add the site to `sites.ids` (`drop_regions` leaves \
         sites out), or remove its spikes)"
    );
    assert!(folder.read(&by_id.replace("u9", "u8")).is_ok());
    assert_eq!(
        folder.error(&by_id.replace("u9", "u7")),
        "a.toml: sites.ids: expected each id once, got `u7` twice (hint: spikes are dealt to sites by their ids; number the sites anew)"
    );
}

#[test]
fn values_of_a_matlab_file_that_are_no_array_are_named() {
    let folder = Folder::new();
    folder.put("t.csv", "time,site,shape\n1,0,x\n2,1,y\n");
    let times = |name: &str| folder.error(&SIDECAR.replace("times = \"time\"", &format!("times = \"{name}\"")));
    assert_eq!(
        times("session"),
        "day.mat: `session`, class: expected an array, got a struct (hint: name one of its fields behind a dot: `contrast`, `info`)"
    );
    assert_eq!(
        times("session.info.cat"),
        "day.mat: `session.info.cat`, fields: expected one named `cat`, got `mouse`, `flag` (hint: choose one of these)"
    );
    assert_eq!(
        times("complex"),
        "day.mat: `complex`, values: expected real numbers, got complex numbers (hint: save real and imaginary parts as two variables)"
    );
    assert_eq!(
        times("vast"),
        "day.mat: `vast`, size: expected a sparse matrix of at most 1073741824 bytes when written out, got 134217729 x 1 (hint: save it in parts, \
         or spike times instead of counts)"
    );
    assert_eq!(
        times("unitInfo.probe"),
        "day.mat: `unitInfo.probe`, values: expected one number a place, or one text a place, got int64 [1, 2] at place 1 (hint: store one value \
         a place)"
    );
    assert_eq!(times("counts"), "a.toml: spikes.times `counts`, axes: expected one, got shape [4, 6, 5]");
    assert!(
        times("nothing").contains("`unitInfo.area` [1, 4] char, `unitInfo.depth` [1, 4] double"),
        "{}",
        times("nothing")
    );
}

#[test]
fn files_of_other_kinds_are_told_what_to_do() {
    let folder = Folder::new();
    let named = |name: &str| folder.put(name, "x").error(&SIDECAR.replace("t.csv", name));
    #[cfg(not(feature = "parquet"))]
    assert_eq!(
        named("t.parquet"),
        "a.toml: files: expected names that end in .npz, .npy, .mat, .csv or .tsv, got `t.parquet` (hint: export it to CSV, in Python by \
         pandas.read_parquet(\"x.parquet\").to_csv(\"x.csv\", index=False); a build with the feature `parquet` reads .parquet itself)"
    );
    assert!(named("t.xlsx").ends_with("(hint: save each sheet as \"CSV UTF-8\")"));
    assert!(named("t.pkl").contains("pickles can run any code and are never opened"));
    folder.put("b.csv", "x,y\n1,2\n").put("b.mat", "x");
    folder.put("b.toml", SIDECAR.replace("files = [\"t.csv\", \"day.mat\"]\n", ""));
    let text = spikereel_formats::read_recording(&folder.path("b.toml")).unwrap_err().to_string();
    assert!(
        text.contains("several files have the sidecar's name; write files = [\"b.mat\", \"b.csv\"], or one of them"),
        "{text}"
    );
}
