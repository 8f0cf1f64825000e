//! Rust source with everything but code blanked out, so that a guard that looks for a word finds code and nothing else.
//!
//! A lexer of comments, strings and characters only; it knows no grammar. Blanks keep the place of every line, so an
//! offset into the masked text is an offset into the file.

/// `source` with comments and the contents of string and character literals replaced by spaces; quotes stay.
pub fn mask(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        at = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                let end = find(bytes, at, b"\n").unwrap_or(bytes.len());
                blank(&mut out, at, end)
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => blank(&mut out, at, end_of_block_comment(bytes, at)),
            b'"' => {
                let end = end_of_string(bytes, at);
                blank(&mut out, at + 1, end - 1);
                end
            }
            b'r' if !continues_word(bytes, at) => match end_of_raw_string(bytes, at) {
                Some((first, last)) => blank(&mut out, first, last) + 1,
                None => at + 1,
            },
            b'\'' => match end_of_char(source, at) {
                Some(end) => {
                    blank(&mut out, at + 1, end - 1);
                    end
                }
                None => at + 1, // a lifetime
            },
            _ => at + 1,
        };
    }
    String::from_utf8(out).expect("whole characters were blanked")
}

/// Masked code with items under `#[cfg(test)]` blanked too.
pub fn without_tests(code: &str) -> String {
    const MARK: &[u8] = b"#[cfg(test)]";
    let mut out = code.as_bytes().to_vec();
    let mut from = 0;
    while let Some(start) = find(code.as_bytes(), from, MARK) {
        let body = (start..code.len()).find(|&at| matches!(code.as_bytes()[at], b'{' | b';')).unwrap_or(code.len());
        from = blank(&mut out, start, end_of_braces(code, body));
    }
    String::from_utf8(out).expect("whole characters were blanked")
}

/// The offset behind the closing brace of the block that opens at `open`; behind `open` where no brace stands there.
pub fn end_of_braces(code: &str, open: usize) -> usize {
    let mut depth = 0usize;
    for (offset, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return offset + 1;
        }
    }
    code.len()
}

/// The identifiers and keywords of masked code with their offsets.
pub fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.split(move |c| !is_word(c))
        .filter(|word| word.starts_with(|c: char| c.is_alphabetic() || c == '_'))
        .map(|word| (word.as_ptr() as usize - code.as_ptr() as usize, word))
}

/// The line, counted from 1, of an offset.
pub fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset].iter().filter(|&&byte| byte == b'\n').count() + 1
}

fn blank(out: &mut [u8], start: usize, end: usize) -> usize {
    out[start..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    end
}

fn find(bytes: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    bytes[from..].windows(wanted.len()).position(|window| window == wanted).map(|at| from + at)
}

fn continues_word(bytes: &[u8], at: usize) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    // `br"` and `cr"` are raw strings as well.
    match (at.checked_sub(2).map(|i| bytes[i]), at.checked_sub(1).map(|i| bytes[i])) {
        (before, Some(b'b' | b'c')) => before.is_some_and(is_word),
        (_, previous) => previous.is_some_and(is_word),
    }
}

fn end_of_block_comment(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut at) = (0usize, start);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    bytes.len()
}

fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// First and last offset of the contents of a raw string whose `r` stands at `start`.
fn end_of_raw_string(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let n_hashes = bytes[start + 1..].iter().take_while(|&&byte| byte == b'#').count();
    let first = start + 2 + n_hashes;
    if bytes.get(first - 1) != Some(&b'"') {
        return None; // an identifier
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', n_hashes)).collect();
    Some((first, find(bytes, first, &close).unwrap_or(bytes.len() - 1)))
}

/// The offset behind a character literal that opens at `start`, or nothing where a lifetime opens there.
fn end_of_char(source: &str, start: usize) -> Option<usize> {
    let mut rest = source[start + 1..].char_indices();
    let (_, first) = rest.next()?;
    if first == '\\' {
        let escaped = rest.next()?.0;
        let close = rest.find(|&(_, c)| c == '\'')?.0;
        debug_assert!(close > escaped);
        return Some(start + 1 + close + 1);
    }
    match rest.next()? {
        (close, '\'') => Some(start + 1 + close + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<String> {
        words(&mask(source)).map(|(_, word)| word.to_owned()).collect()
    }

    #[test]
    fn comments_strings_and_characters_hold_no_words() {
        assert_eq!(found("a // b\nc /* d /* e */ f */ g"), ["a", "c", "g"]);
        assert_eq!(found(r#"a("b \" c") d"#), ["a", "d"]);
        assert_eq!(found("a(r#\"b \" c\"#) d(br\"e\\\") f"), ["a", "r", "d", "br", "f"]);
        assert_eq!(found(r"a('b', '\'', '\u{63}') d"), ["a", "d"]);
        assert_eq!(
            found("fn f<'a>(x: &'a str, c: char) { c == '\"' } g"),
            ["fn", "f", "a", "x", "a", "str", "c", "char", "c", "g"]
        );
        assert_eq!(found("r#type(for_r\"x\")"), ["r", "type", "for_r"]);
    }

    #[test]
    fn offsets_and_lines_survive_the_mask() {
        let source = "// é\n\"ü\nx\" y\n";
        let code = mask(source);
        assert_eq!(code.len(), source.len());
        let (offset, _) = words(&code).next().expect("y is left");
        assert_eq!((line_of(&code, offset), &source[offset..=offset]), (3, "y"));
    }

    #[test]
    fn test_modules_are_blanked_and_what_follows_stays() {
        let code = mask("fn a() {}\n#[cfg(test)]\nmod tests { fn b() { { } } }\n#[cfg(test)]\nuse d;\nfn c() {}");
        let left: Vec<String> = words(&without_tests(&code)).map(|(_, word)| word.to_owned()).collect();
        assert_eq!(left, ["fn", "a", "fn", "c"]);
    }
}
