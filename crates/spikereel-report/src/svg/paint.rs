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
    /// A picture's own color, the same on light and dark pages: a step between white and blue, 0..=255.
    Heat(u8),
    /// Text on [`Paint::Heat`].
    OnHeat(u8),
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
            Self::Heat(_) | Self::OnHeat(_) => "own",
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
            Self::Heat(step) => {
                // From a pale gray-blue to Okabe and Ito's blue, straight in sRGB.
                let mix = |from: f64, to: f64| (from + (to - from) * f64::from(step) / 255.0).round() as u8;
                format!("#{:02x}{:02x}{:02x}", mix(238.0, 0.0), mix(243.0, 94.0), mix(248.0, 160.0))
            }
            Self::OnHeat(step) => if step > 190 { "#ffffff" } else { "#1a1a1a" }.into(),
        }
    }
}
