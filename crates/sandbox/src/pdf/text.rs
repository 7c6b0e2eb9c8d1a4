//! Text on its way to a page: cut into lines, put into visual order, split into what the font has and
//! what it has not.

/// The page's width without its margins, in points.
const WIDTH: usize = 468;
/// More than a page holds, whatever the letters: the rest of a text is not even looked at.
const MOST_CHARACTERS: usize = 4096;

/// A part of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text in the code page of the font.
    Latin(Vec<u8>),
    /// A character that the font lacks.
    Other(char),
}

/// A text of a size as lines, each as pieces from left to right. At least one line.
pub(super) fn lines(text: &str, size: u8) -> Vec<Vec<Piece>> {
    let mut lines = Vec::new();
    let mut line: Vec<char> = Vec::new();
    let mut width = 0;
    // In hundredths of an em.
    let full = WIDTH * 100 / usize::from(size);
    for character in text.chars().take(MOST_CHARACTERS) {
        let character = if character.is_control() {
            ' '
        } else {
            character
        };
        line.push(character);
        width += advance(character);
        if width > full {
            // After the last space, or in the middle of a word that is as long as the line.
            let space = line.iter().rposition(|character| *character == ' ');
            let end = space.map_or(line.len() - 1, |space| space + 1);
            let rest = line.split_off(end);
            lines.push(pieces(&line));
            width = rest.iter().copied().map(advance).sum();
            line = rest;
        }
    }
    lines.push(pieces(&line));
    lines
}

/// About how wide a character is, in hundredths of an em: rather too much than too little.
fn advance(character: char) -> usize {
    match character {
        'W' | 'M' | '@' | '%' | 'm' | '\u{152}' | '\u{c6}' => 100,
        'A'..='H' | 'J'..='Z' | '\u{c0}'..='\u{de}' | 'w' => 79,
        ' '..='/' | ':' | ';' | 'I' | 'f' | 'i' | 'j' | 'l' | 'r' | 't' => 40,
        _ if win_ansi(character).is_some() => 57,
        _ => 100,
    }
}

fn pieces(line: &[char]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for character in visual(line) {
        match (win_ansi(character), pieces.last_mut()) {
            (None, _) => pieces.push(Piece::Other(character)),
            (Some(byte), Some(Piece::Latin(bytes))) => bytes.push(byte),
            (Some(byte), _) => pieces.push(Piece::Latin(vec![byte])),
        }
    }
    pieces
}

/// The characters from left to right: runs of right-to-left letters turned round, with the spaces
/// inside them. Readers expect a PDF's text in this order and turn it back themselves.
fn visual(line: &[char]) -> Vec<char> {
    let mut ordered = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.iter().position(|character| runs_leftwards(*character)) {
        let (before, run) = rest.split_at(start);
        ordered.extend_from_slice(before);
        let neutral = |character: &char| runs_leftwards(*character) || *character == ' ';
        let end = run
            .iter()
            .position(|character| !neutral(character))
            .unwrap_or(run.len());
        let (run, after) = run.split_at(end);
        let last = run
            .iter()
            .rposition(|character| runs_leftwards(*character))
            .map_or(0, |last| last + 1);
        let (run, spaces) = run.split_at(last);
        ordered.extend(run.iter().rev());
        ordered.extend_from_slice(spaces);
        rest = after;
    }
    ordered.extend_from_slice(rest);
    ordered
}

/// Hebrew, Arabic and their neighbours.
fn runs_leftwards(character: char) -> bool {
    matches!(character,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// The code of a character in the font's code page, if it has one.
fn win_ansi(character: char) -> Option<u8> {
    match character {
        // The soft hyphen of that code page is a hyphen that one sees.
        '\u{ad}' => None,
        ' '..='~' | '\u{a0}'..='\u{ff}' => u8::try_from(u32::from(character)).ok(),
        '\u{20ac}' => Some(0x80),
        '\u{160}' => Some(0x8a),
        '\u{152}' => Some(0x8c),
        '\u{17d}' => Some(0x8e),
        '\u{2018}' => Some(0x91),
        '\u{2019}' => Some(0x92),
        '\u{201c}' => Some(0x93),
        '\u{201d}' => Some(0x94),
        '\u{2013}' => Some(0x96),
        '\u{2014}' => Some(0x97),
        '\u{161}' => Some(0x9a),
        '\u{153}' => Some(0x9c),
        '\u{17e}' => Some(0x9e),
        '\u{178}' => Some(0x9f),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_split_into_what_the_font_has_and_what_it_has_not() {
        assert_eq!(
            lines("Zoë 张!", 12),
            [vec![
                Piece::Latin(b"Zo\xeb ".to_vec()),
                Piece::Other('张'),
                Piece::Latin(b"!".to_vec()),
            ]]
        );
        assert_eq!(lines("", 12), [vec![]]);
    }

    #[test]
    fn long_lines_break_between_words_where_there_are_any() {
        let cut = lines(&"word ".repeat(20), 12);
        assert_eq!(cut.len(), 2);
        assert_eq!(cut[0], [Piece::Latin("word ".repeat(14).into_bytes())]);
        assert_eq!(lines(&"x".repeat(200), 12).len(), 3);
    }

    #[test]
    fn right_to_left_runs_are_turned_round_with_their_spaces() {
        let visual = |text: &str| -> String {
            super::visual(&text.chars().collect::<Vec<_>>())
                .into_iter()
                .collect()
        };
        assert_eq!(visual("a אב גד b"), "a דג בא b");
        assert_eq!(visual("אב (x)"), "בא (x)");
        assert_eq!(visual("plain"), "plain");
    }
}
