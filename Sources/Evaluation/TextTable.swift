/// A table for terminals: the first column to the left, the others to the right.
package struct TextTable: Sendable {
  private var rows: [[String]]

  /// Creates a table from the heads of its columns.
  package init(header: [String]) {
    rows = [header.map(printable)]
  }

  /// Appends a row.
  ///
  /// - Precondition: it has a cell for each column.
  package mutating func add(_ row: [String]) {
    precondition(row.count == rows[0].count, "\(row.count) cells for \(rows[0].count) columns.")
    rows.append(row.map(printable))
  }

  /// The lines, each with its end.
  package var text: String {
    let widths = rows[0].indices.map { column in
      rows.reduce(0) { max($0, $1[column].count) }
    }
    var text = ""
    for row in rows {
      for (column, cell) in row.enumerated() {
        let space = String(repeating: " ", count: widths[column] - cell.count)
        text += column == 0 ? cell + space : "  " + space + cell
      }
      // A table of one column has nothing to align.
      while text.last == " " { text.removeLast() }
      text += "\n"
    }
    return text
  }
}

/// A name from outside without what would break a line or steer a terminal.
private func printable(_ text: String) -> String {
  String(
    String.UnicodeScalarView(
      text.unicodeScalars.map { scalar in
        scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) ? "\u{FFFD}" : scalar
      }))
}

/// A number with four decimals; with an exponent where these would not show it.
package func fixed(_ value: Double) -> String {
  guard value.isFinite, value == 0 || (1e-3..<1e9).contains(value.magnitude) else {
    return value.description
  }
  let scaled = Int((value.magnitude * 10_000).rounded())
  let decimals = String(scaled % 10_000)
  let sign = value < 0 && scaled != 0 ? "-" : ""
  return sign + String(scaled / 10_000) + "."
    + String(repeating: "0", count: 4 - decimals.count) + decimals
}
