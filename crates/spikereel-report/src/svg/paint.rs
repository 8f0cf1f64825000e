//! The colors: Okabe and Ito's, told apart by readers with any color vision, and the grays of ink and paper.
//!
//! # References
//! Okabe & Ito (2008), Color Universal Design, <https://jfly.uni-koeln.de/color/>.

/// A color with a name that the page's style sheet knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Text and axes.
    Ink,
    /// Secondary text.
    Muted,
    /// Hair lines and bands.
    Faint,
    /// The page.
    Paper,
    /// The decoder.
    Blue,
    /// Training.
    Sky,
    /// Validation.
    Orange,
    /// The ceiling.
    Green,
    /// What was planted.
    Vermilion,
    /// A further series.
    Purple,
    /// A picture's own color, the same on light and dark pages: a step between white and blue, 0..=255.
    Heat(u8),
    /// Text on [`Paint::Heat`].
    OnHeat(u8),
    /// A step of two hues around 0: blue at -255, almost white at 0, vermilion at 255; the same on light and dark pages.
    Diverging(i16),
    /// Text on [`Paint::Diverging`].
    OnDiverging(i16),
}

impl Paint {
    /// The name in classes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ink => "ink",
            Self::Muted => "muted",
            Self::Faint => "faint",
            Self::Paper => "paper",
            Self::Blue => "blue",
            Self::Sky => "sky",
            Self::Orange => "orange",
            Self::Green => "green",
            Self::Vermilion => "vermilion",
            Self::Purple => "purple",
            Self::Heat(_) | Self::OnHeat(_) | Self::Diverging(_) | Self::OnDiverging(_) => "own",
        }
    }

    /// The color on white paper, `#rrggbb`.
    pub fn hex(self) -> String {
        match self {
            Self::Ink => "#1a1a1a".into(),
            Self::Muted => "#5f6368".into(),
            Self::Faint => "#d5d8dc".into(),
            Self::Paper => "#ffffff".into(),
            Self::Blue => "#0072b2".into(),
            Self::Sky => "#56b4e9".into(),
            Self::Orange => "#e69f00".into(),
            Self::Green => "#009e73".into(),
            Self::Vermilion => "#d55e00".into(),
            Self::Purple => "#cc79a7".into(),
            Self::Heat(step) => mixed([238.0, 243.0, 248.0], [0.0, 94.0, 160.0], f64::from(step) / 255.0),
            Self::OnHeat(step) => if step > 190 { "#ffffff" } else { "#1a1a1a" }.into(),
            Self::Diverging(step) => {
                let end = if step < 0 { [0.0, 94.0, 160.0] } else { [186.0, 76.0, 0.0] };
                mixed([246.0, 246.0, 246.0], end, f64::from(step.unsigned_abs().min(255)) / 255.0)
            }
            Self::OnDiverging(step) => if step.unsigned_abs() > 195 { "#ffffff" } else { "#1a1a1a" }.into(),
        }
    }
}

/// A color on the straight way between two in sRGB, `share` 0..=1.
fn mixed(from: [f64; 3], to: [f64; 3], share: f64) -> String {
    let mix = |idx: usize| (from[idx] + (to[idx] - from[idx]) * share).round() as u8;
    format!("#{:02x}{:02x}{:02x}", mix(0), mix(1), mix(2))
}
