import Diagnostics
import Files
import Foundation

/// A table in a text file: its numbers, and what else its columns hold.
struct TextTable {
  /// What the fields of a column are.
  struct Column {
    let name: String
    let place: Int
    private(set) var numbers = 0
    private(set) var words = 0
    private(set) var missing = 0
    private(set) var firstWord: (text: String, line: Int)?
    private(set) var firstMissing: Int?
    /// The different numbers; nil when they are many.
    private(set) var distinct: [Double]? = []
    /// The different words; nil when they are many.
    private(set) var distinctWords: Set<String>? = []
    /// Whether a word is the name.
    private(set) var repeatsName = false
    /// Whether every number is the one above it and 1.
    private(set) var countsUp = true
    private var last: Double?

    private static let mostDistinct = 20

    fileprivate init(name: String, place: Int) {
      self.name = name
      self.place = place
    }

    fileprivate mutating func add(_ number: Double) {
      numbers += 1
      if let last, number != last + 1 { countsUp = false }
      last = number
      if distinct?.contains(number) == false { distinct?.append(number) }
      if let count = distinct?.count, count > Self.mostDistinct {
        distinct = nil
      }
    }

    /// - Returns: Whether it is the first word that is the name.
    fileprivate mutating func add(_ word: String, on line: Int) -> Bool {
      words += 1
      if firstWord == nil { firstWord = (word, line) }
      distinctWords?.insert(word)
      if let count = distinctWords?.count, count > Self.mostDistinct {
        distinctWords = nil
      }
      guard !repeatsName, word == name else { return false }
      repeatsName = true
      return true
    }

    fileprivate mutating func addMissing(on line: Int) {
      missing += 1
      if firstMissing == nil { firstMissing = line }
    }

    /// What messages call it.
    var title: String {
      name.isEmpty ? "\(place + 1), which has no name" : name
    }
    var isEmpty: Bool { numbers == 0 && words == 0 }
    var holdsNumbers: Bool { words == 0 && numbers > 0 }
    /// Whether all that it holds are words that are known for labels.
    var holdsLabelWords: Bool {
      numbers == 0 && missing == 0
        && distinctWords.map { LabelWords.recognizes(Array($0)) } ?? false
    }
    var holdsIndex: Bool { holdsNumbers && missing == 0 && countsUp }
    /// Whether it holds two numbers that labels may be.
    var isBinary: Bool {
      guard holdsNumbers, let distinct else { return false }
      return distinct.allSatisfy { $0 == 0 || $0 == 1 }
        || distinct.count == 2 && distinct.allSatisfy { abs($0) == 1 }
    }
  }

  let path: String
  private(set) var columns: [Column]
  /// Of a number, which is copied once what its column means is known.
  private static let numberMemory = 2 * MemoryLayout<Double>.stride
  /// Row by row; NaN where there is no number.
  private(set) var values: [Double] = []
  /// The line of every row.
  private(set) var lines: [Int] = []
  private let text: TableText

  /// - Throws: `FileFault`.
  init(_ url: URL, memoryLimit: Int) throws {
    path = url.path
    let text = try TableText(url, memoryLimit: memoryLimit)
    self.text = text
    columns = []
    try text.withReader { reader in
      columns = reader.header.enumerated().map {
        Column(name: $1, place: $0)
      }
      var fields: [Range<Int>] = []
      let rowMemory = Self.numberMemory * columns.count
      while try reader.next(&fields) {
        lines.append(reader.line)
        try text.checkMemory(
          lines.count * rowMemory, forRows: lines.count)
        for (place, field) in fields.enumerated() {
          var number = Double.nan
          switch reader.value(field) {
          case .number(let value):
            number = value
            columns[place].add(value)
          case .missing:
            columns[place].addMissing(on: reader.line)
          case .word:
            if columns[place].add(reader.text(field), on: reader.line),
              fields.map(reader.text) == reader.header
            {
              throw malformed(
                "line \(reader.line) repeats the header", "remove the line")
            }
          }
          values.append(number)
        }
      }
    }
    try checkHeader()
  }

  /// The fields of a column as they stand in the file.
  func texts(of column: Int) throws -> [String] {
    var texts: [String] = []
    try text.withReader { reader in
      var fields: [Range<Int>] = []
      while try reader.next(&fields) {
        texts.append(reader.text(fields[column]))
      }
    }
    return texts
  }

  /// The numbers of a column.
  func numbers(of column: Int) -> [Double] {
    lines.indices.map { values[$0 * columns.count + column] }
  }

  func malformed(_ problem: FaultMessage, _ remedy: FaultMessage) -> FileFault {
    .malformed(path: path, problem: problem, remedy: remedy)
  }

  /// Throws when the first line is a row, which would be lost, or names
  /// columns twice.
  private func checkHeader() throws {
    let names = columns.map(\.name)
    // What pandas writes when the columns have no names.
    let isRunning = names == names.indices.map { String($0) }
    let numbers = names.filter { Double($0) != nil }
    if !isRunning, numbers.count == names.count {
      throw malformed(
        "the first line holds numbers", "add a line with the column names")
    }
    let named = columns.filter { !$0.name.isEmpty && Double($0.name) == nil }
    // A name that is a value too, beside numbers or in every column.
    let words = named.filter(\.repeatsName)
    if !isRunning, !words.isEmpty,
      !numbers.isEmpty || words.count == names.count
    {
      let row = names.prefix(5).joined(separator: ",")
      let wordy = columns.filter { $0.words > 0 }.map { "\($0.place + 1)" }
        .joined(separator: ", ")
      throw malformed(
        "the first line (\(row)) looks like the rows below it, the header seems"
          + " to be missing; words are in column \(wordy)",
        "add a line with the column names")
    }
    let twice = Dictionary(grouping: columns.filter { !$0.name.isEmpty }) {
      $0.name
    }.filter { $1.count > 1 }.keys.sorted()
    guard twice.isEmpty else {
      throw malformed(
        "the column \(twice[0]) is there twice", "give each a name of its own")
    }
  }
}

/// The bytes of a table, as UTF-8: of a file that is mapped, or unpacked.
struct TableText {
  private enum Storage {
    case mapped(MappedFile)
    case memory(Data)
  }

  private let path: String
  private let storage: Storage
  private let memoryLimit: Int

  /// Bytes that a table may take whatever the budget.
  private static let leastMemory = 16 << 20

  init(_ url: URL, memoryLimit: Int) throws {
    path = url.path
    self.memoryLimit = memoryLimit
    let file = try MappedFile(url)
    var storage = Storage.mapped(file)
    try file.withBytes { bytes in
      if bytes.starts(with: [0x1f, 0x8b]) {
        storage = .memory(
          try Self.inflate(bytes, path: url.path, memoryLimit: memoryLimit))
      }
    }
    let isParquet: Bool
    let utf16: String?
    (isParquet, utf16) = try Self.withBytes(storage) { bytes in
      (bytes.starts(with: Array("PAR1".utf8)), Self.utf16(bytes))
    }
    guard !isParquet else { throw Self.parquet(url.path) }
    self.storage = utf16.map { .memory(Data($0.utf8)) } ?? storage
  }

  /// Throws when the numbers of so many rows do not fit into the memory budget
  /// beside the text.
  func checkMemory(_ bytes: Int, forRows rows: Int) throws {
    var memory = bytes
    if case .memory(let text) = storage { memory += text.count }
    guard memory > max(memoryLimit, Self.leastMemory) else { return }
    throw DatasetFault.unusableOption(
      name: "memory-budget",
      problem: "\(rows) rows of \(path) take \(memory >> 20) MiB, the memory"
        + " budget is \(memoryLimit >> 20) MiB",
      remedy: "raise the memory budget, or give a .npy file, which stays on"
        + " the disk")
  }

  func withReader(_ body: (inout CSVReader) throws -> Void) throws {
    try Self.withBytes(storage) { bytes in
      var reader = try CSVReader(bytes, path: path)
      try body(&reader)
    }
  }

  func withBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    try Self.withBytes(storage, body)
  }

  private static func withBytes<Result>(
    _ storage: Storage, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    switch storage {
    case .mapped(let file): try file.withBytes(body)
    case .memory(let data): try data.withUnsafeBytes(body)
    }
  }

  /// What UTF-16 says, with its mark or, of ASCII, without it.
  private static func utf16(_ bytes: UnsafeRawBufferPointer) -> String? {
    let start = Array(bytes.prefix(4))
    guard start.count == 4 else { return nil }
    let encoding: String.Encoding? =
      if start[0] == 0xff, start[1] == 0xfe {
        .utf16
      } else if start[0] == 0xfe, start[1] == 0xff {
        .utf16
      } else if start[1] == 0, start[3] == 0 {
        .utf16LittleEndian
      } else if start[0] == 0, start[2] == 0 {
        .utf16BigEndian
      } else {
        nil
      }
    return encoding.flatMap { String(data: Data(bytes), encoding: $0) }
  }

  private static func inflate(
    _ bytes: UnsafeRawBufferPointer, path: String, memoryLimit: Int
  ) throws -> Data {
    func malformed(_ problem: FaultMessage, _ remedy: FaultMessage)
      -> FileFault
    {
      .malformed(path: path, problem: problem, remedy: remedy)
    }
    // The last four bytes are the size of what is inside.
    let count = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard count <= memoryLimit else {
      throw malformed(
        "the table inflates to \(count >> 20) MiB", "decompress it first")
    }
    let damaged = malformed(
      "the gzip file is damaged", "copy the file again from its source")
    guard count <= bytes.count * Deflate.largestRatio else { throw damaged }
    do {
      let inflater = try Inflater(bytes, .gzip)
      let data = try inflater.read(count)
      guard try inflater.isAtEnd() else { throw damaged }
      return data
    } catch is Inflater.Problem {
      throw damaged
    }
  }

  private static func parquet(_ path: String) -> FileFault {
    .malformed(
      path: path, problem: "the file is Parquet, not text",
      remedy: "convert it by python3 -c \"import pandas;"
        + " pandas.read_parquet('TABLE.parquet').to_csv('TABLE.csv',"
        + " index=False)\"")
  }
}
