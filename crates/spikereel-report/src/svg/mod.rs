//! A small SVG writer: what the figures need, with editable text, fixed digits, and no name that can break out of its place.
//!
//! Lengths are points (1/72 inch) from the upper left corner. Every mark carries its color twice: as an attribute, so that
//! the file looks right in any program, and as a class (`f-blue`, `s-ink`), so that the page can restyle it for a dark
//! screen. Not a general SVG library.

mod axis;
mod fit;
mod paint;

pub(crate) use axis::Axis;
pub(crate) use fit::{fitted, text_width};
pub use paint::Paint;

use std::fmt::Write;

/// Points in a millimetre.
pub const PT_PER_MM: f64 = 72.0 / 25.4;
/// Fonts asked for, in order; journals ask for Arial or Helvetica.
const FONTS: &str = "Arial, Helvetica, Liberation Sans, sans-serif";

/// A drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Svg {
    /// Width in points.
    pub width_pt: f64,
    /// Height in points.
    pub height_pt: f64,
    body: String,
    marks: Vec<Mark>,
}

/// One thing drawn, kept beside its SVG text for writers of other formats.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mark {
    /// A line through points.
    Line(Vec<(f64, f64)>, Stroke),
    /// A filled outline.
    Polygon(Vec<(f64, f64)>, Fill),
    /// A filled rectangle: x, y, width, height.
    Rect([f64; 4], Fill),
    /// A disk: x, y, radius.
    Disk([f64; 3], Fill),
    /// The outline of a disk.
    Circle([f64; 3], Stroke),
    /// Text at a point.
    Text(f64, f64, String, Label),
    /// A picture in a rectangle, as a `data:` address.
    Picture([f64; 4], String),
    /// Other marks, moved.
    Group(f64, f64, Vec<Mark>),
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Color.
    pub paint: Paint,
    /// Width in points; journals want .25 to 1.
    pub width_pt: f64,
    /// Dashed.
    pub dashed: bool,
    /// 0..=1.
    pub opacity: f64,
}

impl Stroke {
    /// A plain opaque line.
    pub fn new(paint: Paint, width_pt: f64) -> Self {
        Self { paint, width_pt, dashed: false, opacity: 1.0 }
    }

    /// The same, dashed.
    #[must_use]
    pub fn dashed(mut self) -> Self {
        self.dashed = true;
        self
    }

    /// The same, see-through.
    #[must_use]
    pub fn faded(mut self, opacity: f64) -> Self {
        self.opacity = opacity;
        self
    }

    fn attributes(&self) -> String {
        let mut text = format!(
            "class=\"s-{}\" stroke=\"{}\" stroke-width=\"{}\" stroke-linecap=\"round\" stroke-linejoin=\"round\" fill=\"none\"",
            self.paint.name(),
            self.paint.hex(),
            coordinate(self.width_pt)
        );
        if self.dashed {
            text.push_str(" stroke-dasharray=\"2 2\"");
        }
        if self.opacity < 1.0 {
            let _ = write!(text, " stroke-opacity=\"{}\"", coordinate(self.opacity));
        }
        text
    }
}

/// How text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Label {
    /// Color.
    pub paint: Paint,
    /// Size in points.
    pub size_pt: f64,
    /// Which end of the text stands at the point.
    pub anchor: Anchor,
    /// Bold.
    pub bold: bool,
    /// Turned by a quarter to read upwards.
    pub upwards: bool,
}

impl Label {
    /// Text of the given size that begins at its point.
    pub fn new(size_pt: f64) -> Self {
        Self { paint: Paint::Ink, size_pt, anchor: Anchor::Start, bold: false, upwards: false }
    }

    /// The same in another color.
    #[must_use]
    pub fn paint(mut self, paint: Paint) -> Self {
        self.paint = paint;
        self
    }

    /// The same at another anchor.
    #[must_use]
    pub fn anchor(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    /// The same in bold.
    #[must_use]
    pub fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    /// The same, reading upwards.
    #[must_use]
    pub fn upwards(mut self) -> Self {
        self.upwards = true;
        self
    }
}

/// Which end of a text stands at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Text runs to the right of the point.
    Start,
    /// Text is centered.
    Middle,
    /// Text runs to the left of the point.
    End,
}

impl Svg {
    /// An empty drawing.
    pub fn new(width_pt: f64, height_pt: f64) -> Self {
        Self { width_pt, height_pt, body: String::new(), marks: Vec::new() }
    }

    /// A line through points.
    pub fn line(&mut self, points: &[(f64, f64)], stroke: Stroke) {
        if points.len() < 2 {
            return;
        }
        let mut path = String::new();
        for (idx, &(x, y)) in points.iter().enumerate() {
            let _ = write!(path, "{}{} {}", if idx == 0 { "M" } else { "L" }, coordinate(x), coordinate(y));
        }
        let _ = writeln!(self.body, "<path d=\"{path}\" {}/>", stroke.attributes());
        self.marks.push(Mark::Line(points.to_vec(), stroke));
    }

    /// A filled outline; `points` are its corners in order.
    pub fn polygon(&mut self, points: &[(f64, f64)], fill: Fill) {
        if points.len() < 3 {
            return;
        }
        let mut path = String::new();
        for (idx, &(x, y)) in points.iter().enumerate() {
            let _ = write!(path, "{}{} {}", if idx == 0 { "M" } else { "L" }, coordinate(x), coordinate(y));
        }
        let _ = writeln!(self.body, "<path d=\"{path}Z\" {}/>", fill.attributes());
        self.marks.push(Mark::Polygon(points.to_vec(), fill));
    }

    /// A filled rectangle.
    pub fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, fill: Fill) {
        self.marks.push(Mark::Rect([x, y, width.max(0.0), height.max(0.0)], fill));
        let _ = writeln!(
            self.body,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {}/>",
            coordinate(x),
            coordinate(y),
            coordinate(width.max(0.0)),
            coordinate(height.max(0.0)),
            fill.attributes()
        );
    }

    /// The outline of a rectangle.
    pub fn frame(&mut self, x: f64, y: f64, width: f64, height: f64, stroke: Stroke) {
        let corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)];
        self.line(&corners, stroke);
    }

    /// A disk.
    pub fn disk(&mut self, x: f64, y: f64, radius: f64, fill: Fill) {
        self.marks.push(Mark::Disk([x, y, radius], fill));
        let (x, y, radius) = (coordinate(x), coordinate(y), coordinate(radius));
        let _ = writeln!(self.body, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" {}/>", fill.attributes());
    }

    /// A ring whose inside has the color of the page.
    pub fn ring(&mut self, x: f64, y: f64, radius: f64, paint: Paint) {
        self.disk(x, y, radius, Fill::new(Paint::Paper));
        self.marks.push(Mark::Circle([x, y, radius], Stroke::new(paint, 0.9)));
        let (x, y, radius) = (coordinate(x), coordinate(y), coordinate(radius));
        let stroke = Stroke::new(paint, 0.9).attributes();
        let _ = writeln!(self.body, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" {stroke}/>");
    }

    /// A hollow diamond.
    pub fn diamond(&mut self, x: f64, y: f64, radius: f64, paint: Paint) {
        let points = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y), (x, y - radius)];
        self.line(&points, Stroke::new(paint, 0.9));
    }

    /// Text whose base line begins (or ends, or is centered) at the point.
    pub fn text(&mut self, x: f64, y: f64, text: &str, label: Label) {
        self.text_element(x, y, text, None, label);
    }

    /// Text shortened to a width where it is longer; its whole then stands in a title, which browsers show on hovering.
    pub(crate) fn fitted_text(&mut self, x: f64, y: f64, text: &str, max_pt: f64, label: Label) {
        let shown = fitted(text, label.size_pt, max_pt);
        let whole = (shown != text).then_some(text);
        self.text_element(x, y, &shown, whole, label);
    }

    /// Text with its whole in a title, where what is shown is shorter.
    pub(crate) fn text_element(&mut self, x: f64, y: f64, text: &str, whole: Option<&str>, label: Label) {
        self.marks.push(Mark::Text(x, y, text.into(), label));
        let anchor = match label.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y) = (coordinate(x), coordinate(y));
        let place = if label.upwards {
            format!("transform=\"translate({x} {y}) rotate(-90)\"")
        } else {
            format!("x=\"{x}\" y=\"{y}\"")
        };
        let _ = writeln!(
            self.body,
            "<text {place} font-size=\"{}\" text-anchor=\"{anchor}\"{} {}>{}{}</text>",
            coordinate(label.size_pt),
            if label.bold { " font-weight=\"bold\"" } else { "" },
            Fill::new(label.paint).attributes(),
            whole.map_or_else(String::new, |whole| format!("<title>{}</title>", escaped(whole))),
            escaped(text)
        );
    }

    /// A picture from a `data:` address, with hard pixel edges.
    pub(crate) fn picture(&mut self, x: f64, y: f64, width: f64, height: f64, data_uri: &str) {
        self.marks.push(Mark::Picture([x, y, width, height], data_uri.into()));
        let _ = writeln!(
            self.body,
            "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" image-rendering=\"pixelated\" href=\"{}\"/>",
            coordinate(x),
            coordinate(y),
            coordinate(width),
            coordinate(height),
            escaped(data_uri)
        );
    }

    /// Another drawing, moved.
    pub fn place(&mut self, x: f64, y: f64, other: &Self) {
        self.marks.push(Mark::Group(x, y, other.marks.clone()));
        let _ =
            writeln!(self.body, "<g transform=\"translate({} {})\">\n{}</g>", coordinate(x), coordinate(y), other.body);
    }

    /// What was drawn, in order.
    pub(crate) fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// A whole SVG file, its size in millimetres.
    pub fn document(&self, title: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}mm\" height=\"{}mm\" viewBox=\"0 0 {} {}\" font-family=\"{FONTS}\">\n<title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{}</svg>\n",
            coordinate(self.width_pt / PT_PER_MM),
            coordinate(self.height_pt / PT_PER_MM),
            coordinate(self.width_pt),
            coordinate(self.height_pt),
            escaped(title),
            self.body
        )
    }

    /// The same as an element of a page: no size of its own, no background, a name for those who cannot see it.
    pub fn inline(&self, description: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\" font-family=\"{FONTS}\">\n{}</svg>",
            coordinate(self.width_pt),
            coordinate(self.height_pt),
            escaped(description),
            self.body
        )
    }
}

/// How an area is filled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fill {
    /// Color.
    pub paint: Paint,
    /// 0..=1.
    pub opacity: f64,
}

impl Fill {
    /// An opaque fill.
    pub fn new(paint: Paint) -> Self {
        Self { paint, opacity: 1.0 }
    }

    /// The same, see-through.
    #[must_use]
    pub fn faded(mut self, opacity: f64) -> Self {
        self.opacity = opacity;
        self
    }

    fn attributes(&self) -> String {
        let mut text = format!("class=\"f-{}\" fill=\"{}\"", self.paint.name(), self.paint.hex());
        if self.opacity < 1.0 {
            let _ = write!(text, " fill-opacity=\"{}\"", coordinate(self.opacity));
        }
        text
    }
}

/// At most two digits after the point, no trailing zeros; a number that is not finite becomes 0.
fn coordinate(value: f64) -> String {
    let value = if value.is_finite() { value } else { 0.0 };
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

/// Text that is safe in XML and in HTML, inside elements and quoted attributes. Characters that XML 1.0 does not allow
/// become U+FFFD.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\t' | '\n' | '\r' => safe.push(' '),
            '\u{0}'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_drawing_is_written_as_it_always_was() {
        let mut svg = Svg::new(89.0 * PT_PER_MM, 40.0);
        svg.line(&[(0.0, 0.5), (10.126, 20.0)], Stroke::new(Paint::Ink, 0.5).dashed());
        svg.disk(5.0, -0.001, 2.0, Fill::new(Paint::Blue).faded(0.5));
        svg.text(1.0, 8.0, "V4 <&> \"IT\"", Label::new(7.0).bold().anchor(Anchor::End));
        insta::assert_snapshot!(svg.document("a & b"), @r##"
        <?xml version="1.0" encoding="UTF-8"?>
        <svg xmlns="http://www.w3.org/2000/svg" width="89mm" height="14.11mm" viewBox="0 0 252.28 40" font-family="Arial, Helvetica, Liberation Sans, sans-serif">
        <title>a &amp; b</title>
        <rect width="100%" height="100%" fill="#ffffff"/>
        <path d="M0 0.5L10.13 20" class="s-ink" stroke="#1a1a1a" stroke-width="0.5" stroke-linecap="round" stroke-linejoin="round" fill="none" stroke-dasharray="2 2"/>
        <circle cx="5" cy="0" r="2" class="f-blue" fill="#0072b2" fill-opacity="0.5"/>
        <text x="1" y="8" font-size="7" text-anchor="end" font-weight="bold" class="f-ink" fill="#1a1a1a">V4 &lt;&amp;&gt; &quot;IT&quot;</text>
        </svg>
        "##);
    }

    #[test]
    fn no_text_leaves_its_element_and_no_number_is_nan() {
        let mut svg = Svg::new(10.0, 10.0);
        svg.text(f64::NAN, f64::INFINITY, "</text><script>alert(1)</script>\u{0}", Label::new(6.0));
        let text = svg.inline("\" onload=\"alert(1)");
        assert!(!text.contains("<script") && !text.contains("NaN") && !text.contains("inf") && !text.contains('\u{0}'));
        assert!(text.contains("aria-label=\"&quot; onload=&quot;alert(1)\""));
    }
}
