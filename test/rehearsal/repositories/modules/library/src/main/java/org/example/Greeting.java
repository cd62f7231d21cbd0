package org.example;

public final class Greeting {
  /** A constant, which the compiler puts into who uses it. */
  public static final String TEXT = "hello from the library";

  private Greeting() {}
}
