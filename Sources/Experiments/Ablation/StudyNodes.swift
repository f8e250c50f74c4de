import Diagnostics
import Foundation
import Yams

/// The kinds of values in a study's YAML, each with the fault of a value that
/// is of another kind.
extension StudyReader {
  func document(_ bytes: [UInt8]) throws -> Node {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw fault(nil, "the file is no UTF-8 text", "save it as UTF-8")
    }
    try checkNesting(of: bytes)
    do {
      if let node = try compose(yaml: text) { return node }
      throw fault(nil, "the study is empty", "describe what is to be run")
    } catch let error as YamlError {
      let (line, problem) = error.lineAndProblem
      throw StudyFault.invalid(
        path: path, line: line, problem: FaultMessage(problem),
        remedy: "write valid YAML")
    }
  }

  /// Refuses what the parser would follow without end: it composes a node for
  /// every level, and walks what an alias stands for wherever it stands.
  ///
  /// Counts what may open a level or be an alias, in quoted text too; a study
  /// has a few of each.
  private func checkNesting(of bytes: [UInt8]) throws {
    let (deepest, mostAliases) = (64, 16)
    var (line, depth, aliases) = (1, 0, 0)
    for text in bytes.split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    {
      let start = text.prefix { " \t-?:".utf8.contains($0) }
      if text.dropFirst(start.count).first != UInt8(ascii: "#") {
        for (byte, next) in zip(text, text.dropFirst() + [0]) {
          switch byte {
          case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
          case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
          case UInt8(ascii: "*") where !" \t\r\0".utf8.contains(next):
            aliases += 1
          default: break
          }
          guard depth <= deepest else { break }
        }
      }
      guard depth <= deepest, start.count <= 2 * deepest,
        aliases <= mostAliases
      else {
        throw StudyFault.invalid(
          path: path, line: line,
          problem: aliases > mostAliases
            ? "there are more than \(mostAliases) aliases"
            : "it is nested too deeply",
          remedy: "write what is meant in full, in a few levels")
      }
      line += 1
    }
  }

  func pairs(
    _ node: Node, _ name: String
  ) throws -> [(key: Node, value: Node)] {
    guard case .mapping(let mapping) = node else {
      throw fault(
        node, "\(name) is no mapping", "write KEY: VALUE lines below it")
    }
    return mapping.map { ($0.key, $0.value) }
  }

  func mapping(
    _ node: Node, _ name: String, keys known: [String]
  ) throws -> [String: Node] {
    var nodes: [String: Node] = [:]
    for (key, value) in try pairs(node, name) {
      let word = try text(key, "a key")
      guard known.contains(word) else {
        throw fault(
          key, "\(name) has no key \(word)",
          "use \(known.joined(separator: ", "))")
      }
      nodes[word] = value
    }
    return nodes
  }

  func list(_ node: Node, _ name: String) throws -> [Node] {
    guard case .sequence(let nodes) = node else {
      throw fault(node, "\(name) is no list", "write [VALUE, ...]")
    }
    return Array(nodes)
  }

  func text(_ node: Node, _ name: String) throws -> String {
    guard case .scalar(let scalar) = node, !scalar.string.isEmpty else {
      throw fault(node, "\(name) is no single value", "write one value")
    }
    return scalar.string
  }

  func whole(_ node: Node, _ name: String) throws -> Int {
    guard let value = Int(try text(node, name)) else {
      throw impossible(node, name, "a whole number")
    }
    return value
  }

  func flag(_ node: Node, _ name: String) throws -> Bool {
    guard let value = Bool(try text(node, name)) else {
      throw impossible(node, name, "true or false")
    }
    return value
  }

  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ node: Node, _ name: String, of type: Choice.Type
  ) throws -> Choice {
    guard let choice = Choice(rawValue: try text(node, name)) else {
      throw impossible(
        node, name,
        Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return choice
  }

  func impossible(
    _ node: Node, _ name: String, _ allowed: String
  ) -> StudyFault {
    fault(
      node, "\(name) cannot be \(node.scalar?.string ?? "this")",
      "use \(allowed)")
  }

  func fault(
    _ node: Node?, _ problem: FaultMessage, _ remedy: FaultMessage
  ) -> StudyFault {
    .invalid(
      path: path, line: node?.mark?.line ?? 1, problem: problem,
      remedy: remedy)
  }
}

extension YamlError {
  fileprivate var lineAndProblem: (Int, String) {
    switch self {
    case .scanner(_, let problem, let mark, _),
      .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      (mark.line, problem)
    case .duplicatedKeysInMapping(let keys, let context):
      (
        context.mark.line,
        "\(keys.joined(separator: ", ")) is there more than once"
      )
    case .reader(let problem, _, _, _): (1, problem)
    case .no, .memory, .writer, .emitter, .representer,
      .dataCouldNotBeDecoded:
      (1, "the file cannot be understood")
    }
  }
}
