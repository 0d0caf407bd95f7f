// Ask.java - runs statements through pgjdbc; see README.md
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

class Ask {
	private static final PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);

	private static Connection connect(String options) throws SQLException {
		return DriverManager.getConnection("jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT")
			+ "/" + System.getenv("PGDATABASE") + "?user=" + System.getenv("PGUSER") + options);
	}

	private static String shown(Object value) {
		if (value == null)
			return "\\N";
		if (value instanceof Double)
			return String.format("%016x", Double.doubleToRawLongBits((Double) value));
		return value.toString().replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t");
	}

	private static void print(String name, ResultSet rows) throws SQLException {
		int columns = rows.getMetaData().getColumnCount();
		while (rows.next()) {
			StringBuilder line = new StringBuilder(name);
			for (int i = 1; i <= columns; i++)
				line.append('\t').append(shown(rows.getObject(i)));
			out.println(line);
		}
	}

	private static void prepared(Connection on, String name, String sql, String[] fields, int times) throws SQLException {
		try (PreparedStatement statement = on.prepareStatement(sql.replaceAll("\\$\\d", "?"))) {
			for (int i = 3; i < fields.length; i++)
				statement.setString(i - 2, fields[i]);
			// the driver asks for binary results only from a statement that is used again
			for (int i = 1; i < times; i++)
				statement.executeQuery().close();
			print(name, statement.executeQuery());
		}
	}

	private static void byTwo(Connection on, String name, String sql) throws SQLException {
		on.setAutoCommit(false);
		try (Statement statement = on.createStatement()) {
			statement.setFetchSize(2);
			print(name, statement.executeQuery(sql));
		}
		on.commit();
		on.setAutoCommit(true);
	}

	public static void main(String[] arguments) throws Exception {
		// a string is sent as varchar, or as nothing in particular
		try (Connection plain = connect("&preferQueryMode=simple");
			Connection varchar = connect("&prepareThreshold=2");
			Connection untyped = connect("&stringtype=unspecified")) {
			BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
			for (String line = in.readLine(); line != null; line = in.readLine()) {
				String[] fields = line.split("\t", -1);
				String name = fields[0], sql = fields[2].replace("\\n", "\n");
				switch (fields[1]) {
					case "exec":
						for (Connection each : new Connection[] {plain, varchar, untyped})
							each.createStatement().execute(sql);
						break;
					case "simple": print(name, plain.createStatement().executeQuery(sql)); break;
					case "varchar": prepared(varchar, name, sql, fields, 1); break;
					case "untyped": prepared(untyped, name, sql, fields, 1); break;
					case "binary": prepared(varchar, name, sql, fields, 4); break;
					case "cursor": byTwo(varchar, name, sql); break;
					default: throw new IllegalArgumentException("there is no mode " + fields[1]);
				}
			}
		}
		out.flush();
	}
}
