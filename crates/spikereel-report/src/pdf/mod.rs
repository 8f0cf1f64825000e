//! A drawing as PDF: one page of the drawing's size, real text in an embedded font, vectors as vectors.
//!
//! The marks of [`Svg`] are written one by one; nothing is read back from SVG text, so what a PDF shows is what was drawn.
//! The same drawing always gives the same bytes: there is no date and no random identity in them.

mod font;
mod picture;

use crate::svg::{Anchor, Fill, Label, Mark, Paint, Stroke, Svg};
use crate::{Error, Result};
use flate2::{Compression, write::ZlibEncoder};
use font::Font;
use pdf_writer::types::{LineCapStyle, LineJoinStyle};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use std::collections::BTreeSet;
use std::io::Write;

/// Distance of a Bezier curve's handles that makes a quarter of a circle.
const QUARTER: f64 = 0.552_284_75;

/// The PDF file of a drawing on white paper.
///
/// # Errors
/// [`Error::Draw`] where the embedded font cannot be read or a picture is no PNG.
pub fn pdf(svg: &Svg, title: &str) -> Result<Vec<u8>> {
    let mut writer = Writer {
        content: Content::new(),
        fonts: [Font::regular()?, Font::bold()?],
        opacities: BTreeSet::new(),
        pictures: Vec::new(),
    };
    writer.fill(Fill::new(Paint::Paper));
    writer.content.rect(0.0, 0.0, svg.width_pt as f32, svg.height_pt as f32).fill_nonzero();
    // From here on y runs downwards, as in the drawing.
    writer.content.transform([1.0, 0.0, 0.0, -1.0, 0.0, svg.height_pt as f32]);
    writer.content.set_line_cap(LineCapStyle::RoundCap).set_line_join(LineJoinStyle::RoundJoin);
    writer.marks(svg.marks());
    writer.finish(svg, title)
}

struct Writer<'a> {
    content: Content,
    fonts: [Font; 2],
    /// Opacities in percent.
    opacities: BTreeSet<u8>,
    /// Addresses of pictures, each once.
    pictures: Vec<&'a str>,
}

impl<'a> Writer<'a> {
    fn marks(&mut self, marks: &'a [Mark]) {
        for mark in marks {
            match mark {
                Mark::Line(points, stroke) => {
                    self.stroke(*stroke);
                    self.path(points);
                    self.content.stroke();
                }
                Mark::Polygon(points, fill) => {
                    self.fill(*fill);
                    self.path(points);
                    self.content.close_path().fill_nonzero();
                }
                Mark::Rect(place, fill) => {
                    self.fill(*fill);
                    let [x, y, width, height] = place.map(|value| value as f32);
                    self.content.rect(x, y, width, height).fill_nonzero();
                }
                Mark::Disk(circle, fill) => {
                    self.fill(*fill);
                    self.circle(*circle);
                    self.content.fill_nonzero();
                }
                Mark::Circle(circle, stroke) => {
                    self.stroke(*stroke);
                    self.circle(*circle);
                    self.content.stroke();
                }
                Mark::Text(x, y, text, label) => self.text(*x, *y, text, *label),
                Mark::Picture(place, address) => self.picture(*place, address),
                Mark::Group(x, y, marks) => {
                    self.content.save_state().transform([1.0, 0.0, 0.0, 1.0, *x as f32, *y as f32]);
                    self.marks(marks);
                    self.content.restore_state();
                }
            }
        }
    }

    fn path(&mut self, points: &[(f64, f64)]) {
        for (idx, &(x, y)) in points.iter().enumerate() {
            let (x, y) = (finite(x), finite(y));
            if idx == 0 {
                self.content.move_to(x, y);
            } else {
                self.content.line_to(x, y);
            }
        }
    }

    fn circle(&mut self, [x, y, radius]: [f64; 3]) {
        let at = |dx: f64, dy: f64| (finite(x + radius * dx), finite(y + radius * dy));
        let (start_x, start_y) = at(1.0, 0.0);
        self.content.move_to(start_x, start_y);
        let quarters = [
            [(1.0, QUARTER), (QUARTER, 1.0), (0.0, 1.0)],
            [(-QUARTER, 1.0), (-1.0, QUARTER), (-1.0, 0.0)],
            [(-1.0, -QUARTER), (-QUARTER, -1.0), (0.0, -1.0)],
            [(QUARTER, -1.0), (1.0, -QUARTER), (1.0, 0.0)],
        ];
        for quarter in quarters {
            let [(x1, y1), (x2, y2), (x3, y3)] = quarter.map(|(dx, dy)| at(dx, dy));
            self.content.cubic_to(x1, y1, x2, y2, x3, y3);
        }
        self.content.close_path();
    }

    fn fill(&mut self, fill: Fill) {
        let [red, green, blue] = rgb(fill.paint);
        self.content.set_fill_rgb(red, green, blue);
        self.opacity(fill.opacity);
    }

    fn stroke(&mut self, stroke: Stroke) {
        let [red, green, blue] = rgb(stroke.paint);
        self.content.set_stroke_rgb(red, green, blue).set_line_width(stroke.width_pt as f32);
        self.content.set_dash_pattern(if stroke.dashed { vec![2.0, 2.0] } else { vec![] }, 0.0);
        self.opacity(stroke.opacity);
    }

    fn opacity(&mut self, opacity: f64) {
        let percent = (opacity.clamp(0.0, 1.0) * 100.0).round() as u8;
        self.opacities.insert(percent);
        self.content.set_parameters(Name(format!("O{percent}").as_bytes()));
    }

    fn text(&mut self, x: f64, y: f64, text: &str, label: Label) {
        self.fill(Fill::new(label.paint));
        let font = &mut self.fonts[usize::from(label.bold)];
        let (glyphs, width) = font.glyphs(text);
        let shift = match label.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -0.5 * width * label.size_pt,
            Anchor::End => -width * label.size_pt,
        };
        let matrix = if label.upwards {
            [0.0, -1.0, -1.0, 0.0, finite(x), finite(y - shift)]
        } else {
            [1.0, 0.0, 0.0, -1.0, finite(x + shift), finite(y)]
        };
        let name = font.name();
        self.content.begin_text().set_font(name, label.size_pt as f32).set_text_matrix(matrix);
        self.content.show(Str(&glyphs));
        self.content.end_text();
    }

    fn picture(&mut self, place: [f64; 4], address: &'a str) {
        let known = self.pictures.iter().position(|other| *other == address);
        let idx = known.unwrap_or_else(|| {
            self.pictures.push(address);
            self.pictures.len() - 1
        });
        let [x, y, width, height] = place.map(finite);
        self.content.save_state().transform([width, 0.0, 0.0, -height, x, y + height]);
        self.content.x_object(Name(format!("P{idx}").as_bytes()));
        self.content.restore_state();
    }

    fn finish(self, svg: &Svg, title: &str) -> Result<Vec<u8>> {
        let mut pdf = Pdf::new();
        let mut last = 0;
        let mut next = || {
            last += 1;
            Ref::new(last)
        };
        let (catalog, pages, page, content, info) = (next(), next(), next(), next(), next());
        let fonts: Vec<(Name<'static>, Ref)> = self
            .fonts
            .iter()
            .filter(|font| font.is_used())
            .map(|font| Ok((font.name(), font.write(&mut pdf, &mut next)?)))
            .collect::<Result<_>>()?;
        let pictures: Vec<Ref> =
            self.pictures.iter().map(|address| picture::write(&mut pdf, next(), address)).collect::<Result<_>>()?;
        pdf.catalog(catalog).pages(pages).lang(TextStr("en"));
        pdf.pages(pages).kids([page]).count(1);
        pdf.document_info(info).title(TextStr(title)).creator(TextStr("spikereel"));
        let mut entry = pdf.page(page);
        entry.parent(pages).contents(content);
        entry.media_box(Rect::new(0.0, 0.0, svg.width_pt as f32, svg.height_pt as f32));
        let mut resources = entry.resources();
        let mut dictionary = resources.fonts();
        for (name, id) in fonts {
            dictionary.pair(name, id);
        }
        dictionary.finish();
        let mut states = resources.ext_g_states();
        for percent in &self.opacities {
            let opacity = f32::from(*percent) / 100.0;
            let mut state = states
                .insert(Name(format!("O{percent}").as_bytes()))
                .start::<pdf_writer::writers::ExtGraphicsState<'_>>();
            state.non_stroking_alpha(opacity).stroking_alpha(opacity);
        }
        states.finish();
        let mut objects = resources.x_objects();
        for (idx, id) in pictures.iter().enumerate() {
            objects.pair(Name(format!("P{idx}").as_bytes()), *id);
        }
        objects.finish();
        resources.finish();
        entry.finish();
        pdf.stream(content, &deflated(&self.content.finish())?).filter(Filter::FlateDecode);
        Ok(pdf.finish())
    }
}

/// A coordinate that a PDF may hold.
fn finite(value: f64) -> f32 {
    if value.is_finite() { value as f32 } else { 0.0 }
}

fn rgb(paint: Paint) -> [f32; 3] {
    let hex = paint.hex();
    [1, 3, 5].map(|start| {
        let byte = hex.get(start..start + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        f32::from(byte.unwrap_or(0)) / 255.0
    })
}

/// The bytes as a zlib stream.
fn deflated(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(|error| Error::Draw(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_drawings_give_equal_files_with_text_and_its_font() {
        let mut svg = Svg::new(100.0, 40.0);
        svg.text(5.0, 10.0, "V4 \u{2212}0.5 \u{4e00}", Label::new(7.0).bold().anchor(Anchor::End));
        svg.line(&[(0.0, f64::NAN), (10.0, 5.0)], Stroke::new(Paint::Blue, 0.5).dashed().faded(0.3));
        svg.disk(3.0, 3.0, 1.0, Fill::new(Paint::Heat(9)));
        let file = pdf(&svg, "t (\u{2212})").unwrap();
        assert_eq!(file, pdf(&svg, "t (\u{2212})").unwrap());
        let has = |part: &[u8]| file.windows(part.len()).any(|window| window == part);
        assert!(file.starts_with(b"%PDF-1.") && has(b"/FontFile2") && has(b"/ToUnicode") && has(b"/CA 0.3"));
        assert!(has(b"Arimo-Bold") && !has(b"Arimo-Regular"), "fonts that are not used are not embedded");
    }
}
