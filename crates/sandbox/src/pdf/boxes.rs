//! Characters that the font lacks, as boxes with the code point in them, like the boxes of a browser
//! without the font. Each keeps its meaning through a table for readers.
//!
//! The glyphs are drawings inside the file (Type 3 fonts, 255 characters each), in thousandths of an em.

use pdf_writer::types::{SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str};

/// Characters of one font: all codes but the first.
const PER_FONT: usize = 255;
/// The glyph of the first code. Nothing shows it: readers guess a drawn font's size from its `m`, which
/// in most fonts is so wide, and take boxes beside text for other lines when they guess wrong.
const MEASURE: Name<'static> = Name(b"m");

/// The characters that a page needs, in the order of their first use.
#[derive(Debug, Default)]
pub(super) struct Boxes {
    characters: Vec<char>,
}

impl Boxes {
    /// The font's name and the code in it.
    pub(super) fn place(&mut self, character: char) -> (String, u8) {
        let known = self
            .characters
            .iter()
            .position(|known| *known == character)
            .unwrap_or_else(|| {
                self.characters.push(character);
                self.characters.len() - 1
            });
        let code = u8::try_from(known % PER_FONT + 1).unwrap_or_default();
        (font_name(known / PER_FONT), code)
    }

    /// Writes the fonts, from a free number on; gives their names and numbers.
    pub(super) fn write(&self, pdf: &mut Pdf, mut free: Ref) -> Vec<(String, Ref)> {
        let fonts = self.characters.chunks(PER_FONT).enumerate();
        fonts
            .map(|(number, characters)| {
                let font = free.bump();
                write_font(pdf, font, &mut free, characters);
                (font_name(number), font)
            })
            .collect()
    }
}

fn font_name(number: usize) -> String {
    format!("U{number}")
}

fn write_font(pdf: &mut Pdf, font: Ref, free: &mut Ref, characters: &[char]) {
    let glyphs: Vec<(u8, String, char, Ref)> = (1..=u8::MAX)
        .zip(characters)
        .map(|(code, character)| {
            let name = format!("u{:04X}", u32::from(*character));
            (code, name, *character, free.bump())
        })
        .collect();
    let [table, measure] = [free.bump(), free.bump()];
    let last = glyphs.last().map_or(0, |(code, ..)| *code);
    let mut writer = pdf.type3_font(font);
    writer
        .bbox(Rect::new(0.0, -200.0, 1000.0, 900.0))
        .matrix([0.001, 0.0, 0.0, 0.001, 0.0, 0.0])
        .first_char(0)
        .last_char(last)
        .widths([600.0].into_iter().chain(glyphs.iter().map(|_| 1000.0)))
        .to_unicode(table);
    let mut drawings = writer.char_procs();
    drawings.pair(MEASURE, measure);
    for (_, name, _, drawing) in &glyphs {
        drawings.pair(Name(name.as_bytes()), *drawing);
    }
    drawings.finish();
    let names = glyphs.iter().map(|(_, name, ..)| Name(name.as_bytes()));
    writer
        .encoding_custom()
        .differences()
        .consecutive(0, [MEASURE].into_iter().chain(names));
    writer.resources();
    writer.finish();
    let system = SystemInfo {
        registry: Str(b"Adobe"),
        ordering: Str(b"UCS"),
        supplement: 0,
    };
    let mut meanings = UnicodeCmap::<u8>::new(Name(b"Adobe-Identity-UCS"), system);
    for (code, _, character, drawing) in &glyphs {
        meanings.pair(*code, *character);
        pdf.stream(*drawing, &drawn(*character));
    }
    let mut nothing = Content::new();
    nothing.start_shape_glyph(600.0, 0.0, 0.0, 0.0, 0.0);
    pdf.stream(measure, &nothing.finish().into_vec());
    pdf.stream(table, &meanings.finish());
}

/// A box with four hex digits, or six, in two rows.
fn drawn(character: char) -> Vec<u8> {
    let code = u32::from(character);
    let digits = if code > 0xffff {
        format!("{code:06X}")
    } else {
        format!("{code:04X}")
    };
    let columns: i16 = if code > 0xffff { 3 } else { 2 };
    let mut content = Content::new();
    content
        .start_shape_glyph(1000.0, 0.0, -200.0, 1000.0, 900.0)
        .set_line_width(40.0)
        .rect(60.0, -160.0, 880.0, 1020.0);
    // A digit's cell is a third or half of the box; the digit leaves air around itself.
    let cell = 840 / columns;
    for (place, digit) in (0_i16..).zip(digits.chars()) {
        let left = 80 + cell * (place % columns) + 60;
        let bottom = if place < columns { 390 } else { -90 };
        draw_digit(&mut content, digit, left, bottom, cell - 120);
    }
    content.stroke();
    content.finish().into_vec()
}

/// One hex digit in seven strokes, 380 high.
fn draw_digit(content: &mut Content, digit: char, left: i16, bottom: i16, width: i16) {
    let (right, middle, top) = (left + width, bottom + 190, bottom + 380);
    let strokes = [
        ('a', (left, top), (right, top)),
        ('b', (right, top), (right, middle)),
        ('c', (right, middle), (right, bottom)),
        ('d', (left, bottom), (right, bottom)),
        ('e', (left, middle), (left, bottom)),
        ('f', (left, top), (left, middle)),
        ('g', (left, middle), (right, middle)),
    ];
    let lit = match digit {
        '0' => "abcdef",
        '1' => "bc",
        '2' => "abged",
        '3' => "abgcd",
        '4' => "fgbc",
        '5' => "afgcd",
        '6' => "afgecd",
        '7' => "abc",
        '8' => "abcdefg",
        '9' => "abcdfg",
        'A' => "abcefg",
        'B' => "cdefg",
        'C' => "adef",
        'D' => "bcdeg",
        'E' => "adefg",
        _ => "aefg",
    };
    for (name, from, to) in strokes {
        if lit.contains(name) {
            content
                .move_to(from.0.into(), from.1.into())
                .line_to(to.0.into(), to.1.into());
        }
    }
}
