import Diagnostics
import Parameters
import Testing

private struct Oven: Hashable {
  enum Heat: String, CaseIterable { case top, bottom }
  var degrees = 180.0
  var heat = Heat.top
  var trays: Int?
  var isFan = false
  var dishes: [String] = []
  struct Lamp: Hashable { var isOn = true }
  var lamp = Lamp()
  var breads: Int {
    get { dishes.count }
    set { dishes = Array(repeating: "bread", count: newValue) }
  }

  static let parameters: [Parameter<Oven>] = [
    Parameter("degrees", \.degrees, .positive, "how hot"),
    Parameter("heat", \.heat, .choice, "where from"),
    Parameter("tray-count", \.trays, .count, "trays", unset: "all"),
    Parameter("fan", \.isFan, .flag, "blow"),
    Parameter("lamp-on", \.lamp.isOn, .flag, "light"),
    Parameter("bread-count", \.breads, .count, "breads"),
    Parameter("dish", each: \.dishes, .any("a name"), "what to bake"),
  ]

  static func named(_ name: String) throws -> Parameter<Oven> {
    try #require(parameters.first { $0.name == name })
  }
}

extension Oven.Heat: Sendable {}

@Suite("Parameters")
struct ParameterTests {
  @Test("A text becomes the value, and the value the text")
  func roundTrip() throws {
    var oven = Oven()
    for (name, texts) in [
      ("degrees", ["220.5"]), ("heat", ["bottom"]), ("tray-count", ["2"]),
      ("fan", ["true"]), ("dish", ["bread", "cake"]),
    ] {
      let parameter = try Oven.named(name)
      try parameter.set(texts, of: &oven)
      #expect(parameter.values(of: oven) == texts)
    }
    #expect(
      oven
        == Oven(
          degrees: 220.5, heat: .bottom, trays: 2, isFan: true,
          dishes: ["bread", "cake"]))
  }

  @Test("What is not in the domain is refused by name, with what is allowed")
  func refusal() throws {
    var oven = Oven()
    for (name, text, allowed) in [
      ("degrees", "0", "a number above 0"),
      ("degrees", "nan", "a number above 0"),
      ("degrees", "warm", "a number above 0"), ("heat", "side", "top, bottom"),
      ("tray-count", "0", "a count of 1 to 1000000000"),
    ] {
      let parameter = try Oven.named(name)
      #expect(
        throws: ParameterFault.impossible(
          parameter.option, value: text, allowed: allowed)
      ) { try parameter.set([text], of: &oven) }
    }
    oven.degrees = -.infinity
    oven.trays = 0
    #expect(throws: ParameterFault.self) {
      try Oven.named("degrees").check(oven)
    }
    #expect(throws: ParameterFault.self) {
      try Oven.named("tray-count").check(oven)
    }
    try Oven.named("fan").check(oven)
  }

  @Test("Swift calls an option as the property is called")
  func properties() throws {
    let oven = Oven(trays: 0)
    let fault = #expect(throws: ParameterFault.self) {
      try Oven.named("tray-count").check(oven)
    }
    #expect(
      fault?.text(for: .programmer)
        == "trays cannot be 0: use a count of 1 to 1000000000")
    #expect(
      fault?.text(for: .commandLine)
        == "--tray-count cannot be 0: use a count of 1 to 1000000000")
    for (name, property) in [
      ("fan", "isFan"), ("dish", "dishes"), ("lamp-on", "lamp.isOn"),
      // The name of a computed property is not known.
      ("bread-count", "breadCount"),
    ] {
      #expect(try Oven.named(name).option.property == property)
    }
  }

  @Test("What holds without a value is told from the owner or in words")
  func usual() throws {
    #expect(try Oven.named("degrees").usual(of: Oven()) == "180.0")
    #expect(try Oven.named("tray-count").usual(of: Oven()) == "all")
    #expect(try Oven.named("tray-count").usual(of: Oven(trays: 3)) == "3")
    #expect(try Oven.named("fan").usual(of: Oven()) == nil)
  }

  @Test("A reader is told of an option in the words that he or she types")
  func readers() {
    let fault = ParameterFault.impossible(
      "tray-count", value: "0", allowed: "1")
    #expect(
      fault.text(for: .commandLine) == "--tray-count cannot be 0: use 1")
    #expect(fault.text(for: .study) == "tray-count cannot be 0: use 1")
    #expect(fault.text(for: .programmer) == "trayCount cannot be 0: use 1")
    let message: FaultMessage = "lower \(option: "tray-count", 4) to \(5) trays"
    #expect(
      message.text(for: .commandLine) == "lower --tray-count 4 to 5 trays")
    #expect(message.text(for: .study) == "lower tray-count: 4 to 5 trays")
    #expect(message.text(for: .programmer) == "lower trayCount = 4 to 5 trays")
  }
}
