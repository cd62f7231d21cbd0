package org.example;

final class Greeting {
  private Greeting() {}

  static String text() {
    return "hello-quarkus on Java " + System.getProperty("java.version") + ", architecture " + System.getProperty("os.arch");
  }
}
