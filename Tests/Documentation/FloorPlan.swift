/// The rooms of the package one above the other, with arcs to those that each
/// imports.
struct FloorPlan {
  /// From the ground up; each imports only rooms below it.
  let rooms: [String]
  private let imports: [String: [String]]

  /// - Parameter manifest: A Package.swift with lines such as
  ///   `room("Images", ["Files"])`.
  init(manifest: String) {
    let calls = manifest.matches(of: /room\(\s*"(\w+)"(?:,\s*\[([^\]]*)\])?/)
    let rooms = calls.map { String($0.output.1) }
    self.rooms = rooms
    imports = Dictionary(
      uniqueKeysWithValues: calls.map { call in
        let names = (call.output.2 ?? "").matches(of: /"(\w+)"/)
          .map { String($0.output.1) }
        return (String(call.output.1), names.filter(rooms.contains))
      })
  }

  /// The imports of a room that none of its other imports has too.
  func nearestImports(of room: String) -> [String] {
    let all = imports[room] ?? []
    return all.filter { lower in !all.contains { reaches(lower, from: $0) } }
  }

  private func reaches(_ lower: String, from room: String) -> Bool {
    (imports[room] ?? []).contains {
      $0 == lower || reaches(lower, from: $0)
    }
  }

  var svg: String {
    let (left, width, height, step) = (16, 190, 32, 48)
    func top(_ room: String) -> Int {
      let floor = rooms.firstIndex(of: room) ?? 0
      return 16 + (rooms.count - 1 - floor) * step
    }
    let boxes = rooms.map { room in
      """
      <rect x="\(left)" y="\(top(room))" width="\(width)" height="\(height)" \
      rx="4" fill="#eef3f8" stroke="#456"/>
      <text x="\(left + width / 2)" y="\(top(room) + 21)">\(room)</text>
      """
    }
    let arcs = rooms.flatMap { room in
      nearestImports(of: room).map { lower in
        let (x, start, end) = (left + width, top(room) + 22, top(lower) + 10)
        let reach = x + 24 + (end - start) * 2 / 5
        return """
          <path d="M\(x) \(start)C\(reach) \(start) \(reach) \(end) \
          \(x + 8) \(end)" fill="none" stroke="#456" marker-end="url(#tip)">\
          <title>\(room) imports \(lower)</title></path>
          """
      }
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="480" \
      height="\(rooms.count * step + 16)" font-family="sans-serif" \
      font-size="14" text-anchor="middle">
      <defs><marker id="tip" markerWidth="8" markerHeight="8" refY="4" \
      orient="auto"><path d="M0 0L8 4L0 8z" fill="#456"/></marker></defs>
      <rect width="100%" height="100%" fill="#fff"/>
      \((arcs + boxes).joined(separator: "\n"))
      </svg>

      """
  }
}
