package org.example;

import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.util.Arrays;

/** Serves HTTP, or only says what it is when started with <code>--version</code>. */
@QuarkusMain
public class Main {
  public static void main(String... arguments) {
    if (Arrays.asList(arguments).contains("--version")) {
      System.out.println(Greeting.text());
    } else {
      Quarkus.run(arguments);
    }
  }
}
