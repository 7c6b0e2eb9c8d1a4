//! One-page PDF documents of plain lines, with a font that every reader has.
//!
//! Text is WinAnsi: Western European letters print as they are, anything else as a question mark.

use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

const FONT: Name<'static> = Name(b"F1");

/// A page under construction.
#[derive(Debug)]
pub(crate) struct Page {
    title: String,
    /// `None` is a gap.
    lines: Vec<Option<String>>,
}

impl Page {
    pub(crate) fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            lines: Vec::new(),
        }
    }

    pub(crate) fn line(&mut self, text: &str) {
        self.lines.push(Some(text.to_owned()));
    }

    pub(crate) fn gap(&mut self) {
        self.lines.push(None);
    }

    /// The file.
    pub(crate) fn finish(self) -> Vec<u8> {
        let [catalog, pages, page, font, contents, info] = [1, 2, 3, 4, 5, 6].map(Ref::new);
        let mut pdf = Pdf::new();
        pdf.catalog(catalog).pages(pages);
        pdf.document_info(info)
            .title(TextStr(&self.title))
            .producer(TextStr("accredit-sandbox"));
        pdf.pages(pages).kids([page]).count(1);
        let mut sheet = pdf.page(page);
        sheet
            .parent(pages)
            .media_box(Rect::new(0.0, 0.0, 612.0, 792.0))
            .contents(contents);
        sheet.resources().fonts().pair(FONT, font);
        sheet.finish();
        pdf.type1_font(font)
            .base_font(Name(b"Helvetica"))
            .encoding_predefined(Name(b"WinAnsiEncoding"));
        pdf.stream(contents, &self.content());
        pdf.finish()
    }

    fn content(&self) -> Vec<u8> {
        let mut content = Content::new();
        content
            .begin_text()
            .set_font(FONT, 20.0)
            .next_line(72.0, 700.0);
        content.show(Str(&win_ansi(&self.title)));
        content
            .set_font(FONT, 12.0)
            .set_leading(20.0)
            .next_line(0.0, -40.0);
        for line in &self.lines {
            if let Some(text) = line {
                content.show(Str(&win_ansi(text)));
            }
            content.next_line_using_leading();
        }
        content.end_text();
        content.finish().into_vec()
    }
}

/// Text in the code page of the font.
fn win_ansi(text: &str) -> Vec<u8> {
    text.chars()
        .map(|character| match character {
            ' '..='~' | '\u{a0}'..='\u{ff}' => u8::try_from(u32::from(character)).unwrap_or(b'?'),
            '\u{20ac}' => 0x80,
            '\u{160}' => 0x8a,
            '\u{152}' => 0x8c,
            '\u{17d}' => 0x8e,
            '\u{2018}' => 0x91,
            '\u{2019}' => 0x92,
            '\u{201c}' => 0x93,
            '\u{201d}' => 0x94,
            '\u{2013}' => 0x96,
            '\u{2014}' => 0x97,
            '\u{161}' => 0x9a,
            '\u{153}' => 0x9c,
            '\u{17e}' => 0x9e,
            '\u{178}' => 0x9f,
            _ => b'?',
        })
        .collect()
}
