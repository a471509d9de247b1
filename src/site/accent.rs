//! The style sheet of `site.accent`: one colour for links, buttons and charts.
//!
//! One shade rarely suits both light and dark pages. So each shade starts as the accent and gets
//! darker on light pages, lighter on dark ones, until its contrast to all backgrounds suffices
//! (WCAG 2.2 AA): 4.5 for text, 3 for surfaces. Lightness changes in Oklch, which keeps the hue.

use std::fmt::Write;

use palette::color_difference::Wcag21RelativeContrast;
use palette::convert::FromColorUnclamped;
use palette::{Clamp, FromColor, IsWithinBounds, LinSrgb, Oklch, Srgb};

/// The name of the style sheet among the static files.
pub(super) const NAME: &str = "accent.css";

/// The least contrast of text to its background.
const TEXT_CONTRAST: f32 = 4.5;

/// The least contrast of a surface, such as a bar, to its background.
const SURFACE_CONTRAST: f32 = 3.0;

/// How much the lightness of a shade changes at a time.
const STEP: f32 = 0.01;

/// The highest chroma in each cell of the heat map, from few to many people.
const HEAT_CHROMA: [f32; 4] = [0.06, 0.11, 0.16, 0.2];

/// What shades of a light or a dark page have to suit.
struct Theme {
    /// The backgrounds of `style.css` and `embed.css`.
    backgrounds: &'static [u32],
    /// The change of lightness that adds contrast.
    step: f32,
    /// The lightness of each cell of the heat map, from few to many people.
    heat: [f32; 4],
}

const LIGHT: Theme =
    Theme { backgrounds: &[0xf2_f3_f5, 0xff_ff_ff], step: -STEP, heat: [0.89, 0.77, 0.62, 0.46] };

const DARK: Theme = Theme {
    backgrounds: &[0x1a_1b_1e, 0x25_26_2b, 0x25_26_2c],
    step: STEP,
    heat: [0.36, 0.48, 0.64, 0.82],
};

/// The style sheet of `accent`, for light and dark pages.
pub(super) fn style_sheet(accent: Srgb<u8>) -> String {
    let (light, dark) = (LIGHT.properties(accent), DARK.properties(accent));
    format!(":root {{{light}}}\n@media (prefers-color-scheme: dark) {{ :root {{{dark}}} }}\n")
}

impl Theme {
    /// The custom properties that `style.css` and `embed.css` use.
    fn properties(&self, accent: Srgb<u8>) -> String {
        let surface = self.shade(accent, SURFACE_CONTRAST);
        let shades = [
            ("link", self.shade(accent, TEXT_CONTRAST)),
            ("button", surface),
            ("label", label(surface)),
            ("bar", surface),
        ];
        let mut text = String::new();
        for (name, shade) in shades {
            write!(text, " --{name}: #{shade:x};").expect("text can be written");
        }
        for (number, shade) in (1..).zip(self.heat(accent)) {
            write!(text, " --heat-{number}: #{shade:x};").expect("text can be written");
        }
        text + " "
    }

    /// The shade nearest to `accent` that has at least `contrast` to all backgrounds.
    fn shade(&self, accent: Srgb<u8>, contrast: f32) -> Srgb<u8> {
        let suits = |shade: Srgb<u8>| {
            let mut backgrounds = self.backgrounds.iter();
            backgrounds.all(|&background| contrast_of(shade, Srgb::from(background)) >= contrast)
        };
        let mut colour = oklch(accent);
        let mut shade = accent;
        // Black and white end the search, because each suits its theme.
        while !suits(shade) && (0.0..=1.0).contains(&colour.l) {
            colour.l += self.step;
            shade = displayable(colour);
        }
        shade
    }

    fn heat(&self, accent: Srgb<u8>) -> [Srgb<u8>; 4] {
        let accent = oklch(accent);
        std::array::from_fn(|level| {
            let chroma = accent.chroma.min(HEAT_CHROMA[level]);
            displayable(Oklch { l: self.heat[level], chroma, ..accent })
        })
    }
}

/// The colour of text on `surface`: white, or black where white has too little contrast.
fn label(surface: Srgb<u8>) -> Srgb<u8> {
    let (white, black) = (Srgb::new(255, 255, 255), Srgb::new(0, 0, 0));
    if contrast_of(white, surface) >= TEXT_CONTRAST { white } else { black }
}

fn contrast_of(one: Srgb<u8>, other: Srgb<u8>) -> f32 {
    one.into_format::<f32>().relative_contrast(other.into_format::<f32>())
}

fn oklch(colour: Srgb<u8>) -> Oklch {
    let colour = Oklch::from_color(colour.into_linear::<f32>());
    Oklch { l: colour.l.clamp(0.0, 1.0), ..colour }
}

/// The most colourful `colour` of the same hue and lightness that screens can show.
fn displayable(mut colour: Oklch) -> Srgb<u8> {
    colour.l = colour.l.clamp(0.0, 1.0);
    loop {
        let shown = LinSrgb::from_color_unclamped(colour);
        if shown.is_within_bounds() || colour.chroma <= 0.0 {
            return Srgb::from_linear(shown.clamp());
        }
        colour.chroma = (colour.chroma - STEP).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The value of a custom property in `text`.
    fn property(text: &str, name: &str) -> Srgb<u8> {
        let (_, rest) = text.split_once(&format!("--{name}: ")).expect("it is there");
        rest[..7].parse().expect("it is a colour")
    }

    #[test]
    fn the_backgrounds_are_those_of_the_style_sheets() {
        let sheets =
            [include_str!("../../static/style.css"), include_str!("../../static/embed.css")];
        for sheet in sheets {
            let (light, dark) =
                sheet.split_once("@media (prefers-color-scheme: dark)").expect("it has");
            let dark = dark.split_once("--heat-1").map_or(dark, |(colours, _)| colours);
            for (theme, text) in [(&LIGHT, light), (&DARK, dark)] {
                for name in ["--ground: #", "--card: #"] {
                    let Some((_, value)) = text.split_once(name) else { continue };
                    let value: Srgb<u8> =
                        value.split(';').next().expect("it has").parse().expect("a colour");
                    let is_known =
                        theme.backgrounds.iter().any(|known| Srgb::from(*known) == value);
                    assert!(is_known, "`{name}{value:x}` is no background of `accent.rs`");
                }
            }
        }
    }

    #[test]
    fn an_accent_stays_as_it_is_where_it_suits_and_gets_darker_or_lighter_where_not() {
        #[rustfmt::skip]
        let cases = [
            // what is special   accent      light link, button, label             dark link, button, label
            ("the built-in one", "#4752c4",  ["#4752c4", "#4752c4", "#ffffff"],    ["", "", ""]),
            ("light yellow",     "#ffe600",  ["", "", "#000000"],                  ["#ffe600", "#ffe600", "#000000"]),
            ("white",            "#ffffff",  ["", "", "#000000"],                  ["#ffffff", "#ffffff", "#000000"]),
            ("black",            "#000000",  ["#000000", "#000000", "#ffffff"],    ["", "", ""]),
            ("red",              "#c0262d",  ["#c0262d", "#c0262d", "#ffffff"],    ["", "", ""]),
        ];
        let mut report = String::new();
        for (what, accent, light, dark) in cases {
            let sheet = style_sheet(accent.parse().expect("a colour"));
            writeln!(report, "/* {what}: {accent} */\n{sheet}").expect("written");
            let (light_part, dark_part) = sheet.split_once('\n').expect("two lines");
            for (part, expected) in [(light_part, light), (dark_part, dark)] {
                for (name, expected) in ["link", "button", "label"].iter().zip(expected) {
                    let found = format!("#{:x}", property(part, name));
                    assert!(
                        expected.is_empty() || found == expected,
                        "{what}: --{name} is {found}"
                    );
                }
            }
        }
        insta::assert_snapshot!(report);
    }

    proptest! {
        #[test]
        fn every_accent_has_shades_with_enough_contrast(value in 0..=0xff_ff_ff_u32) {
            let accent = Srgb::from(value);
            for theme in [&LIGHT, &DARK] {
                let text = theme.properties(accent);
                for background in theme.backgrounds {
                    let to = |name| contrast_of(property(&text, name), Srgb::from(*background));
                    prop_assert!(to("link") >= 4.5, "{}", text);
                    prop_assert!(to("button") >= 3.0 && to("bar") >= 3.0, "{}", text);
                }
                let label = contrast_of(property(&text, "label"), property(&text, "button"));
                prop_assert!(label >= 4.5, "{}", text);
            }
        }
    }
}
