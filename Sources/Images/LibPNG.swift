import CPNG

/// Decodes PNG files with libpng, which knows every kind of them.
enum LibPNG {
  /// Why libpng stopped, in its own words.
  struct Problem: Error {
    let words: String
  }

  /// Hands every row to `means`.
  ///
  /// - Throws: `Problem`.
  static func read(
    _ bytes: UnsafeRawBufferPointer, header: PNGHeader,
    into means: inout AreaMeans
  ) throws {
    // libpng keeps the reader's address between the calls.
    let reader = UnsafeMutablePointer<guarded_png_reader>.allocate(capacity: 1)
    reader.initialize(to: guarded_png_reader())
    defer {
      guarded_png_close(reader)
      reader.deallocate()
    }
    func check(_ status: Int32) throws {
      guard status == 0 else { return }
      let words = withUnsafeBytes(of: reader.pointee.problem) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      throw Problem(words: words.isEmpty ? "out of memory" : words)
    }
    try check(
      guarded_png_open(
        reader, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count))

    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: png_get_rowbytes(reader.pointee.png, reader.pointee.info),
      alignment: 16)
    defer { memory.deallocate() }
    let row: AreaMeans.Row =
      header.bitDepth == 16
      ? .words(UnsafeBufferPointer(memory.bindMemory(to: UInt16.self)))
      : .bytes(UnsafeBufferPointer(memory.bindMemory(to: UInt8.self)))
    func readRow() throws {
      try check(
        guarded_png_read_row(
          reader, memory.baseAddress?.assumingMemoryBound(to: UInt8.self)))
    }

    if header.isInterlaced {
      for pass in Adam7Pass.all where pass.x < header.size.width {
        let rows = stride(
          from: pass.y, to: header.size.height, by: pass.rowStep)
        for y in rows {
          try readRow()
          means.add(row, y: y, of: pass)
        }
      }
    } else {
      for _ in 0..<header.size.height {
        try readRow()
        means.add(row)
      }
    }
    try check(guarded_png_read_end(reader))
  }
}

/// Which pixels one of the seven passes of an interlaced picture holds.
struct Adam7Pass {
  /// The first column and row.
  let x: Int
  let y: Int
  let columnStep: Int
  let rowStep: Int

  static let all = [
    Adam7Pass(x: 0, y: 0, columnStep: 8, rowStep: 8),
    Adam7Pass(x: 4, y: 0, columnStep: 8, rowStep: 8),
    Adam7Pass(x: 0, y: 4, columnStep: 4, rowStep: 8),
    Adam7Pass(x: 2, y: 0, columnStep: 4, rowStep: 4),
    Adam7Pass(x: 0, y: 2, columnStep: 2, rowStep: 4),
    Adam7Pass(x: 1, y: 0, columnStep: 2, rowStep: 2),
    Adam7Pass(x: 0, y: 1, columnStep: 1, rowStep: 2),
  ]
}
